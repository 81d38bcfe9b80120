import OctetGraph
import OctetOperators

extension IROperatorTable {
  /// Fourier transforms.
  static let fourier: [IROperator] = [
    plain("DFT", 7, FourierTransform(.complex)),
    plain("IDFT", 7, FourierTransform(.complexInverse)),
    plain("IRDFT", 9, FourierTransform(.realInverse)),
    plain("RDFT", 9, FourierTransform(.real)),
    IROperator("STFT", 15) { layer in
      STFT(isTransposed: try layer.attributes.boolean("transpose_frames", default: false))
    },
  ]
}
