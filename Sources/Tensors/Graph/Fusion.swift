internal import Backends
internal import Geometry

/// Which operations of a graph are computed together.
///
/// An elementwise operation joins the one operation that leads to all its users, if their index
/// spaces are the same: another elementwise one, or a reduction that it then begins. A matrix
/// product or a convolution that is used by one chain only takes that chain as its epilogue.
struct Fusion {
  /// The operation that each one is computed with; itself if it is the last of its group.
  private(set) var root: [Int]
  /// The elementwise operations of each group, inputs before users.
  private(set) var members: [Int: [Int]] = [:]
  /// The operation whose epilogue a group is.
  private(set) var producer: [Int: Int] = [:]

  /// The operations that read each one, in order.
  let users: [[Int]]

  private static let largestGroup = 48

  init(nodes: ContiguousArray<Node>, inputs: [[Int]], isKept: ContiguousArray<Bool>) {
    var users = [[Int]](repeating: [], count: nodes.count)
    for (user, list) in inputs.enumerated() {
      for input in list { users[input].append(user) }
    }
    self.users = users
    root = Array(nodes.indices)
    var sizes = [Int](repeating: 1, count: nodes.count)
    func isElementwise(_ index: Int) -> Bool {
      nodes[index].memory == nil && nodes[index].operation is ElementwiseOperation
    }
    for index in stride(from: nodes.count - 1, through: 0, by: -1) where isElementwise(index) {
      guard let user = users[index].first else { continue }
      let group = root[user]
      let shape = nodes[index].shape
      guard users[index].allSatisfy({ root[$0] == group }), sizes[group] < Self.largestGroup
      else { continue }
      let leadsToReduction = nodes[group].operation is ReductionOperation && !isKept[index]
      let joins =
        isElementwise(group)
        ? nodes[group].shape == shape
        : leadsToReduction && nodes[inputs[group][0]].shape == shape
      if joins {
        root[index] = group
        sizes[group] += 1
      }
    }
    for index in nodes.indices where isElementwise(index) {
      members[root[index], default: []].append(index)
    }
    for index in nodes.indices
    where nodes[index].memory == nil && !isKept[index]
      && (nodes[index].operation as? KernelOperation)?.takesEpilogue == true
    {
      guard let user = users[index].first else { continue }
      let group = root[user]
      if isElementwise(group), producer[group] == nil, nodes[group].shape == nodes[index].shape,
        nodes[index].shape.count > 0, users[index].allSatisfy({ root[$0] == group }),
        // A chain with several results cannot be an epilogue.
        (members[group] ?? []).allSatisfy({ $0 == group || !isKept[$0] })
      {
        producer[group] = index
        root[index] = group
      }
    }
  }
}
