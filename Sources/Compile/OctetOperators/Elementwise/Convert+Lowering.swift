package import OctetGraph
package import OctetRuntime
import OctetTensor

extension Convert {
  /// Bytes are numbers of scale 1.
  package func lower(_ site: LoweringSite) throws(OperatorError) -> any Primitive {
    guard destination == .f32, [.u8, .i8].contains(site.operands[0].elementType) else {
      return ReferencePrimitive(self, site)
    }
    return try Dequantize(Dequantization(scale: 1, zeroPoint: 0)).lower(site)
  }
}
