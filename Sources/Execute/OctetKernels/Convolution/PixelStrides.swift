import COctetKernels

/// Bytes from one pixel to the next, of a convolution's input, output and extra operands.
struct PixelStrides {
  let input: Int
  let code: octet_epilogue_strides

  /// From counts of elements; without one, pixels follow each other without a gap.
  init(
    geometry: ConvolutionGeometry, inputElementBytes: Int = 1, input: Int?, output: Int?, operands: [Int]?,
    epilogue: Epilogue
  ) {
    let channels = geometry.outputChannels
    let input = input ?? geometry.inputChannels
    let output = output ?? channels
    let operands = operands ?? epilogue.operandTypes.map { _ in channels }
    precondition(epilogue.channels == channels, "the epilogue is of \(epilogue.channels) channels, not \(channels)")
    precondition(input >= geometry.inputChannels, "input pixels overlap")
    precondition(output >= channels, "output pixels overlap")
    precondition(operands.allSatisfy { $0 >= channels || $0 == 0 }, "operand pixels overlap, and are not one")
    precondition(operands.count == epilogue.operandTypes.count, "each extra operand has a pixel stride")
    self.input = input * inputElementBytes
    var code = octet_epilogue_strides()
    code.output = output * octet_element_bytes(epilogue.output.code)
    withUnsafeMutableBytes(of: &code.operands) { bytes in
      let slots = bytes.bindMemory(to: Int.self)
      for (index, stride) in operands.enumerated() {
        slots[index] = stride * octet_element_bytes(epilogue.operandTypes[index].code)
      }
    }
    self.code = code
  }
}

extension octet_epilogue_buffers {
  init(output: UnsafeMutableRawPointer, operands: EpilogueOperands) {
    func bytes(_ index: Int) -> UnsafePointer<UInt8>? {
      operands.pointers[index]?.assumingMemoryBound(to: UInt8.self)
    }
    self.init(
      output: output.assumingMemoryBound(to: UInt8.self), operands: (bytes(0), bytes(1), bytes(2), bytes(3)))
  }
}
