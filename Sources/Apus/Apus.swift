// What `import Apus` brings: every floor that a user meets.
@_exported public import Data
@_exported public import Formats
@_exported public import Geometry
@_exported public import Layers
@_exported public import Models
@_exported public import Optimizers
@_exported public import Tensors
@_exported public import Training
