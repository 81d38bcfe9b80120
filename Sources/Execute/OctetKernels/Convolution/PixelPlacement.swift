import COctetKernels

/// Where the pixels of an output stand in a larger one.
///
/// Pixel (image, d, h, w) is number `first` + image · `imageStep` + d · steps[0] + h · steps[1] + w · steps[2].
package struct PixelPlacement: Sendable, Hashable {
  package var first: Int
  package var imageStep: Int
  package var steps: [Int]

  package init(first: Int, imageStep: Int, steps: [Int]) {
    precondition(steps.count == 3, "a placement has three spatial steps")
    self.first = first
    self.imageStep = imageStep
    self.steps = steps
  }

  func code(_ extents: [Int]) -> octet_pixel_placement {
    octet_pixel_placement(extent: extents.triple, first: first, image_step: imageStep, step: steps.triple)
  }
}
