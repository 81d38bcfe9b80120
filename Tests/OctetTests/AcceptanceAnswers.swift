import FoundationEssentials
import OctetTensor
import OctetTestSupport
import Testing

@testable import octet

/// Handwritten digits that the embedded model has never seen in training, and what it should make of them.
struct DigitImages {
  /// Pixels from 0 (paper) to 16 (ink), 64 to an image.
  let pixels: [UInt8]
  let labels: [UInt8]
  /// Ten to an image: the model's meaning, computed in float.
  let probabilities: [Float]

  init() throws {
    pixels = try NumPyFile.read("\(Fixtures.path)/digits/test_images.npy").elements()
    labels = try NumPyFile.read("\(Fixtures.path)/digits/test_labels.npy").elements()
    probabilities = try NumPyFile.read("\(Fixtures.path)/digits/test_probabilities.npy").elements()
  }

  var count: Int { labels.count }

  /// The largest distance between probabilities and what the model means by the images from `first` on.
  func distance(_ answered: [Float], from first: Int) -> Float {
    zip(answered, probabilities[(first * 10)...]).map { abs($0 - $1) }.max() ?? .infinity
  }

  /// The body of a request for some of the images.
  func request(_ images: Range<Int>, parameters: String = "") -> String {
    let data = pixels[images.lowerBound * 64..<images.upperBound * 64].map { String($0) }.joined(separator: ",")
    return #"{"inputs":[{"name":"image","shape":[\#(images.count),1,8,8],"datatype":"FP32","data":[\#(data)]}]"#
      + parameters + "}"
  }

  /// The same as little-endian FP32.
  func bytes(_ images: Range<Int>) -> [UInt8] {
    pixels[images.lowerBound * 64..<images.upperBound * 64].flatMap { pixel in
      withUnsafeBytes(of: Float(pixel).bitPattern.littleEndian) { Array($0) }
    }
  }

  /// How many of `answered`, ten to an image, are largest at the image's digit.
  func rightAnswers(_ answered: [Float]) -> Int {
    labels.indices.count { image in
      let scores = answered[image * 10..<image * 10 + 10]
      return scores.firstIndex(of: scores.max() ?? .nan).map { $0 - image * 10 } == Int(labels[image])
    }
  }
}

/// An answer of the Open Inference Protocol.
struct InferenceAnswer: Decodable {
  struct Output: Decodable {
    let name: String
    let datatype: String
    let shape: [Int]
    let data: [Float]
  }

  private enum CodingKeys: String, CodingKey {
    case modelName = "model_name"
    case id, outputs
  }

  let modelName: String
  let id: String?
  let outputs: [Output]

  init(_ body: [UInt8]) throws { self = try JSONDecoder().decode(Self.self, from: Data(body)) }

  /// The values of the only output.
  var probabilities: [Float] {
    get throws {
      let output = try #require(outputs.first)
      #expect(outputs.count == 1 && output.name == "probabilities" && output.datatype == "FP32")
      #expect(output.shape == [output.data.count / 10, 10])
      return output.data
    }
  }
}
