internal import Glibc

extension Float {
  var logarithm: Float { logf(self) }
  var cosine: Float { cosf(self) }
  var sine: Float { sinf(self) }
  var exponential: Float { expf(self) }
}
