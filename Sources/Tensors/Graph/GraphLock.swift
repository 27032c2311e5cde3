internal import Backends

/// The lock on links, memory and marks of all nodes. Held for walks over the graph, never while
/// something is computed or a user's code runs.
let graphLock = Lock()

/// The number of the newest walk; a node whose mark is this one has been seen. Under the graph's
/// lock.
nonisolated(unsafe) var newestMark: UInt64 = 0  // Guarded by graphLock.
