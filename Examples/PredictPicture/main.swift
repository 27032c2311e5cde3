import Apus
import Foundation

// With arguments: weights of LeNet for digits, and a picture. Without: both are made first.
//
//     swift run PredictPicture [WEIGHTS.safetensors PICTURE.png]
let arguments = CommandLine.arguments.dropFirst()
let folder = FileManager.default.temporaryDirectory.path
let weights = arguments.first ?? "\(folder)/apus-digits.safetensors"
let path = arguments.dropFirst().first ?? "\(folder)/apus-digit.png"

if arguments.isEmpty {
  let digits = try Dataset<Example>.drawnDigits(count: 4000, seed: 1)
  let model = Architecture.lenet.make(classes: 10)
  let trainer = Trainer(
    model, optimizer: Adam(learningRate: 2e-3), loss: .softmaxCrossEntropy, seed: 1)
  try trainer.fit(digits.prepared(Rescale(1 / 255)).shuffled(seed: 1).batched(64), epochs: 4)
  try model.save(to: weights)

  // A seven that the training has not seen.
  let other = try Dataset<Example>.drawnDigits(count: 20, seed: 9).elements()
  let seven = other.first { $0.label == 7 } ?? other[0]
  let pixels = try seven.inputs[0].tensor().scalars(as: UInt8.self)
  try Picture(pixels, width: 28, height: 28, channels: 1).writePNG(to: path)
}

let model = Architecture.lenet.make(classes: 10)
try model.load(from: weights)

let picture = try Picture(path: path).withEightBits.withChannels(1).resized(width: 28, height: 28)
let pixels = try Tensor(picture.bytes.map { Float($0) / 255 }, shape: [1, 28, 28, 1])
let probabilities = try softmax(withPhase(.inference) { try model(pixels) }).scalars()

for (digit, probability) in probabilities.enumerated().sorted(by: { $0.element > $1.element })
  .prefix(3)
{
  print("\(digit)  \((probability * 1000).rounded() / 10) %")
}
