import Apus

// A generator turns noise into points; a critic tells them from real ones. The real ones lie on a
// circle of radius 2, and after training the made ones do too.
let generator = Sequential {
  Dense(32, activation: .relu)
  Dense(32, activation: .relu)
  Dense(2)
}
let critic = Sequential {
  Dense(64, activation: .leakyRelu)
  Dense(64, activation: .leakyRelu)
  Dense(1)
}
let loss: Loss = .sigmoidCrossEntropy
let batch = 128

try withSeed(1) {
  try generator.build(input: [batch, 8])
  try critic.build(input: [batch, 2])
  let (real, fake) = (try Tensor.ones([batch, 1]), try Tensor.zeros([batch, 1]))
  let generatorWeights = try generator.parameters
  let criticWeights = try critic.parameters
  let generatorOptimizer = try Adam(learningRate: 1e-3, beta1: 0.5)
  let criticOptimizer = try Adam(learningRate: 1e-3, beta1: 0.5)

  for step in 1...1500 {
    let angles = try Tensor.uniform([batch, 1], to: 2 * .pi)
    let points = try concatenate([cos(angles), sin(angles)], axis: 1) * 2
    let (criticLoss, criticGradients) = try valueAndGradients(of: criticWeights) {
      // What the generator made is a constant here: the critic learns, not the generator.
      let made = try stopGradient(generator(.normal([batch, 8])))
      return try loss(critic(points), real) + loss(critic(made), fake)
    }
    try criticOptimizer.update(criticWeights, along: criticGradients)

    let (generatorLoss, generatorGradients) = try valueAndGradients(of: generatorWeights) {
      try loss(critic(generator(.normal([batch, 8]))), real)
    }
    try generatorOptimizer.update(generatorWeights, along: generatorGradients)
    if step.isMultiple(of: 300) {
      print(
        "step \(step): critic \(try criticLoss.scalar()), generator \(try generatorLoss.scalar())")
    }
  }

  let made = try generator(.normal([1000, 8]))
  let radii = try sqrt(square(made).sum(axes: [1]))
  let mean = try radii.mean().scalar()
  print("made points lie \(mean) from the centre, real ones 2.0")
  guard (1.5...2.5).contains(mean) else { fatalError("the generator has not found the circle") }
}
