#include <png.h>
#include <stdbool.h>
#include <string.h>

// libpng's simplified interface; its constants are macros that Swift does not see.

// Reads the head of a picture. Returns false with a message in `image` when it is not one. What this begins is to be ended
// by octet_png_read or png_image_free.
static inline bool octet_png_begin(png_image *image, const void *bytes, size_t count) {
  memset(image, 0, sizeof *image);
  image->version = PNG_IMAGE_VERSION;
  return png_image_begin_read_from_memory(image, bytes, count) != 0;
}

// Reads the pixels as 8-bit RGB, over white where they are transparent.
static inline bool octet_png_read(png_image *image, unsigned char *pixels) {
  const png_color white = {255, 255, 255};
  image->format = PNG_FORMAT_RGB;
  image->flags |= PNG_IMAGE_FLAG_16BIT_sRGB;
  return png_image_finish_read(image, &white, pixels, 0, NULL) != 0;
}
