package import OctetGraph
package import OctetRuntime
import OctetTensor

extension Convert {
  /// Bytes are numbers of scale 1.
  package func lower(_ site: LoweringSite) throws(OperatorError) -> any Primitive {
    let source = site.operands[0].elementType
    guard destination == .f32, [.u8, .i8].contains(source) else {
      let map = source == destination ? nil : try ScalarMap(.unary { $0 }, site)
      return map ?? ReferencePrimitive(self, site)
    }
    return try Dequantize(Dequantization(scale: 1, zeroPoint: 0)).lower(site)
  }
}
