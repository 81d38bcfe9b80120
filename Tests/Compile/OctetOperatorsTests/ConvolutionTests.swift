import OctetGraph
import OctetOperators
import OctetTensor
import Testing

@Suite struct ConvolutionTests {
  private func window(
    strides: [Int] = [1, 1], dilations: [Int] = [1, 1], begin: [Int] = [0, 0], end: [Int] = [0, 0],
    _ autoPad: SpatialWindow.AutoPad = .explicit
  ) throws -> SpatialWindow {
    try SpatialWindow(strides: strides, dilations: dilations, padsBegin: begin, padsEnd: end, autoPad: autoPad)
  }

  private let image = Tensor.f32([1, 2, 3, 4, 5, 6, 7, 8, 9], [1, 1, 3, 3])

  @Test func sumsProductsUnderTheWindow() throws {
    let op = Convolution(window: try window(), isGrouped: false)
    #expect(try op.result(image, .f32([1, 10, 100, 1000], [1, 1, 2, 2])).doubles == [5421, 6532, 8754, 9865])
  }

  @Test func paddingIsZeroAndMayDifferOnEachSide() throws {
    let op = Convolution(window: try window(begin: [1, 0], end: [0, 2]), isGrouped: false)
    let y = try op.result(image, .f32([1, 10, 100, 1000], [1, 1, 2, 2]))
    #expect(y.shape == [1, 1, 3, 4])
    #expect(y.doubles == [2100, 3200, 300, 0, 5421, 6532, 603, 0, 8754, 9865, 906, 0])
  }

  @Test func stridesAndDilationsSkip() throws {
    let strided = Convolution(window: try window(strides: [2, 2]), isGrouped: false)
    #expect(try strided.result(image, .f32([1], [1, 1, 1, 1])).doubles == [1, 3, 7, 9])
    let dilated = Convolution(window: try window(dilations: [2, 2]), isGrouped: false)
    #expect(try dilated.result(image, .f32([1, 10, 100, 1000], [1, 1, 2, 2])).doubles == [9731])
  }

  /// An extent of 4 with stride 2 and kernel 3 needs one row of padding: above or below.
  @Test func samePaddingGoesToTheEndOrToTheBeginning() throws {
    let row = Tensor.f32([1, 2, 3, 4], [1, 1, 4])
    let weights = Tensor.f32([1, 10, 100], [1, 1, 3])
    func op(_ autoPad: SpatialWindow.AutoPad) throws -> Convolution {
      let window = try SpatialWindow(
        strides: [2], dilations: [1], padsBegin: [9], padsEnd: [9], autoPad: autoPad)
      return Convolution(window: window, isGrouped: false)
    }
    #expect(try op(.sameUpper).result(row, weights).doubles == [321, 43])
    #expect(try op(.sameLower).result(row, weights).doubles == [210, 432])
    #expect(try op(.valid).result(row, weights).doubles == [321])
  }

  @Test func threeDimensions() throws {
    let window = try SpatialWindow(
      strides: [1, 1, 1], dilations: [1, 1, 1], padsBegin: [0, 0, 0], padsEnd: [0, 0, 0])
    let op = Convolution(window: window, isGrouped: false)
    let x = Tensor.f32([1, 2, 3, 4, 5, 6, 7, 8], [1, 1, 2, 2, 2])
    let w = Tensor.f32([1, 0, 0, 0, 0, 0, 0, 1], [1, 1, 2, 2, 2])
    #expect(try op.result(x, w).doubles == [9])
  }

  @Test func groupsReadTheirOwnChannels() throws {
    let op = Convolution(window: try window(), isGrouped: true)
    let x = Tensor.f32([1, 2, 3, 4], [1, 4, 1, 1])
    let w = Tensor.f32([1, 10, 100, 1000, 1, 1, 2, 2], [2, 2, 2, 1, 1])
    #expect(try op.result(x, w).doubles == [21, 2100, 7, 14])
  }

  @Test func paddingIsARealZeroWhateverTheZeroPoint() throws {
    let op = Convolution(
      window: try window(begin: [1, 1], end: [1, 1]), isGrouped: false, activationZeroPoints: [3])
    let x = Tensor(.u8, [1, 1, 1, 1], elements: [5] as [UInt8])
    let w = Tensor(.i8, [1, 1, 3, 3], elements: [1, 1, 1, 1, 3, 1, 1, 1, 1] as [Int8])
    let y = try op.result(x, w)
    #expect(y.elementType == .f32)
    #expect(y.doubles == [6])
  }

  @Test func zeroPointsMayDifferPerChannel() throws {
    let op = Convolution(window: try window(), isGrouped: false, activationZeroPoints: [1, 2.5])
    let x = Tensor(.u8, [1, 2, 1, 1], elements: [3, 4] as [UInt8])
    let w = Tensor(.i8, [2, 2, 1, 1], elements: [1, 2, 3, 4] as [Int8])
    // 2 · 1 + 1.5 · 2 and 2 · 3 + 1.5 · 4
    #expect(try op.result(x, w).doubles == [5, 12])
  }

  @Test func openExtentsStayOpen() throws {
    let op = Convolution(window: try window(strides: [2, 2]), isGrouped: false)
    let types = try op.resultTypes([.of([.dynamic, 3, .dynamic, 8]), .of([16, 3, 3, 3])])
    #expect(types == [TensorType(.f32, [.dynamic, 16, .dynamic, 3] as PartialShape)])
  }

  @Test func wrongOperandsAreRefused() throws {
    let op = Convolution(window: try window(), isGrouped: false)
    let x = Operand.of([1, 3, 8, 8])
    #expect(op.refusal(x) == "operands of Convolution: expected 2, found 1")
    #expect(op.refusal(x, .of([8, 3, 3])) == "weights: expected a fixed shape of rank 4, found [8, 3, 3]")
    #expect(op.refusal(x, .of([8, .dynamic, 3, 3])) == "weights: expected a fixed shape of rank 4, found [8, ?, 3, 3]")
    #expect(op.refusal(x, .of([8, 0, 3, 3])) == "weights: expected at least one element, found [8, 0, 3, 3]")
    #expect(
      op.refusal(x, .of([8, 4, 3, 3]))
        == "channels of the operand: expected 4, as the weights [8, 4, 3, 3] say, found 3")
    #expect(
      op.refusal(x, .of([8, 3, 9, 9])) == "window: expected to fit into the padded extent 8, found kernel 9")
    #expect(
      op.refusal(x, .of(.f16, [8, 3, 3, 3]))
        == "element types: expected two equal floating-point or two 8-bit types, found f32 and f16")
    #expect(
      op.refusal(.of([1, 3, 8]), .of([8, 3, 3, 3])) == "operand of Convolution: expected rank 4, found [1, 3, 8]")
  }

  @Test func wrongWindowsAreRefused() {
    #expect(throws: OperatorError("strides and dilations: expected 1 to 16777216, found [0, 1] and [1, 1]")) {
      try window(strides: [0, 1])
    }
    #expect(throws: OperatorError("pads: expected 0 to 16777216, found [-1, 0] and [0, 0]")) {
      try window(begin: [-1, 0])
    }
    #expect(throws: OperatorError("strides, dilations and pads must have 1 to 3 values each and equally many")) {
      try window(strides: [1])
    }
  }
}
