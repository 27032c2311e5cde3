internal import Tensors

/// A parameter of a model, or one that will be: its path and where it is kept.
public struct NamedWeight {
  /// The properties that lead to it, joined by dots: `blocks.3.first.kernel`.
  public let path: String
  /// What is kept there.
  public let weight: Weight
}

extension Module {
  /// All weights by path, shared ones once, built or not, whether trained or not.
  public var weights: [NamedWeight] {
    var found: [NamedWeight] = []
    walk { path, value in
      if case .weight(let weight) = value { found.append(NamedWeight(path: path, weight: weight)) }
    }
    return found
  }

  /// All modules inside it by path, itself left out, shared ones once.
  public var modules: [(path: String, module: any Module)] {
    var found: [(String, any Module)] = []
    walk { path, value in
      if case .module(let module) = value { found.append((path, module)) }
    }
    return found
  }

  /// The layers it holds directly, by name.
  public var layers: [(name: String, layer: any Module)] {
    var found: [(String, any Module)] = []
    for (name, value) in members {
      unfold(name, value) { path, leaf in
        if case .module(let module) = leaf { found.append((path, module)) }
      }
    }
    return found
  }

  /// The module at a path such as `encoder.3.attention`; itself for the empty path.
  public func module(at path: String) -> (any Module)? {
    path.isEmpty ? self : modules.first { $0.path == path }?.module
  }

  /// The path from this module to another inside it.
  func path(to module: ObjectIdentifier) -> String? {
    modules.first { ObjectIdentifier($0.module) == module }?.path
  }

  /// Meets everything inside in the order of declaration, each object once.
  func walk(_ meet: (_ path: String, _ value: Found) -> Void) {
    var seen: Set<ObjectIdentifier> = [ObjectIdentifier(self)]
    walk("", &seen, meet)
  }

  private func walk(
    _ prefix: String, _ seen: inout Set<ObjectIdentifier>, _ meet: (String, Found) -> Void
  ) {
    for (name, value) in members {
      var inside: [(String, Found)] = []
      unfold(name, value) { inside.append(($0, $1)) }
      for (name, found) in inside {
        guard seen.insert(found.identity).inserted else { continue }
        let path = prefix.isEmpty ? name : "\(prefix).\(name)"
        meet(path, found)
        if case .module(let module) = found { module.walk(path, &seen, meet) }
      }
    }
  }
}

/// What a walk through a model meets.
enum Found {
  case module(any Module)
  case weight(Weight)

  var identity: ObjectIdentifier {
    switch self {
    case .module(let module): ObjectIdentifier(module)
    case .weight(let weight): ObjectIdentifier(weight.identity)
    }
  }
}

/// The stored properties of an object, those of its superclasses first.
func reflectedMembers(of object: Any) -> [(name: String, value: Any)] {
  var mirrors: [Mirror] = []
  var mirror: Mirror? = Mirror(reflecting: object)
  while let found = mirror {
    mirrors.append(found)
    mirror = found.superclassMirror
  }
  return mirrors.reversed().flatMap { mirror in
    mirror.children.map { child in
      var name = child.label ?? ""
      // Lazy properties and property wrappers are stored under other names than they are written.
      if name.hasPrefix("$__lazy_storage_$_") { name.removeFirst(18) }
      if name.hasPrefix("_") { name.removeFirst() }
      return (name, child.value)
    }
  }
}

/// Finds modules and parameters in a property's value: in optionals, arrays and dictionaries too.
private func unfold(_ name: String, _ value: Any, _ meet: (String, Found) -> Void) {
  switch value {
  case let module as any Module: meet(name, .module(module))
  case let weight as Weight: meet(name, .weight(weight))
  case let parameter as Parameter: meet(name, .weight(Weight(holding: parameter)))
  case is Tensor, is String, is any BinaryInteger, is any BinaryFloatingPoint: break
  default:
    let mirror = Mirror(reflecting: value)
    switch mirror.displayStyle {
    case .optional: for child in mirror.children { unfold(name, child.value, meet) }
    case .collection, .tuple:
      for (index, child) in mirror.children.enumerated() {
        unfold("\(name).\(child.label.map(unpunctuated) ?? "\(index)")", child.value, meet)
      }
    case .dictionary:
      let entries = mirror.children.map { Mirror(reflecting: $0.value).children.map(\.value) }
      for entry in entries.sorted(by: { "\($0[0])" < "\($1[0])" }) where entry.count == 2 {
        unfold("\(name).\(entry[0])", entry[1], meet)
      }
    default: break
    }
  }
}

/// Labels of tuples without names are `.0`, `.1`.
private func unpunctuated(_ label: String) -> String {
  label.hasPrefix(".") ? String(label.dropFirst()) : label
}
