import Glibc

/// The processor time of this thread: it does not tell of what else the machine does, but for what
/// that takes of caches and of a shared core.
public func threadSeconds() -> Double {
  var time = timespec()
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
  return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
}

/// How many times as long this processor takes for plain steps, just now, as a free one of 2.5 GHz;
/// 1 if it is not slower. Bounds of time are multiplied by it: rented machines share their cores.
public func processorSlowness() -> Double {
  var hash: UInt64 = 14_695_981_039_346_656_037
  let begin = threadSeconds()
  // Each step waits for the one before it, four cycles of any processor of the last ten years.
  for step in 0..<100_000_000 as Range<UInt64> { hash = (hash ^ step) &* 1_099_511_628_211 }
  let seconds = threadSeconds() - begin
  // Never so, which the compiler cannot know.
  precondition(hash != 0)
  return max(1, seconds / 0.16)
}
