/* Runtime: a user's weights into the packed blob. Knows layouts, no schedule and no CPU. */
#include "internal.h"

enum { CHANNEL_BLOCK = 16 };

static const float* source_of(const sepconv_weights* weights, uint32_t role) {
  switch (role) {
    case SEPCONV_ROLE_EXPAND:
      return weights->expand;
    case SEPCONV_ROLE_EXPAND_BIAS:
      return weights->expand_bias;
    case SEPCONV_ROLE_DEPTHWISE:
      return weights->depthwise;
    case SEPCONV_ROLE_DEPTHWISE_BIAS:
      return weights->depthwise_bias;
    case SEPCONV_ROLE_WEIGHTS:
      return weights->weights;
    default:
      return weights->bias;
  }
}

static int overlaps(const void* a, uint64_t a_bytes, const void* b, uint64_t b_bytes) {
  const uintptr_t first = (uintptr_t)a, second = (uintptr_t)b;
  return first < second ? second - first < a_bytes : first - second < b_bytes;
}

static sepconv_status check(const sepconv_kernel* kernel, sepconv_order order,
                            const sepconv_weights* weights, const void* packed, size_t bytes) {
  const sepconv_kernel_impl* impl = kernel->impl;
  uint32_t wanted = 0;
  if (weights == NULL || packed == NULL) return SEPCONV_NULL_POINTER;
  if (order != SEPCONV_HWIO && order != SEPCONV_OIHW) return SEPCONV_BAD_ARGUMENT;
  if (bytes < kernel->packed_bytes) return SEPCONV_SHORT_BUFFER;
  if ((uintptr_t)packed % SEPCONV_ALIGNMENT != 0) return SEPCONV_MISALIGNED;
  for (uint64_t i = 0; i < impl->part_count; ++i) {
    const sepconv_part* part = &impl->parts[i];
    const float* source = source_of(weights, part->role);
    const uint64_t count = (uint64_t)(part->ci * part->co * part->kh * part->kw);
    wanted |= 1u << part->role;
    if (source == NULL) return SEPCONV_NULL_POINTER;
    if ((uintptr_t)source % sizeof(float) != 0) return SEPCONV_MISALIGNED;
    if (overlaps(source, count * sizeof(float), packed, kernel->packed_bytes)) {
      return SEPCONV_OVERLAP;
    }
  }
  /* Weights of a stage that the layer lacks are a mistake about which layer this is. */
  for (uint32_t role = SEPCONV_ROLE_EXPAND; role <= SEPCONV_ROLE_BIAS; ++role) {
    if ((wanted & 1u << role) == 0 && source_of(weights, role) != NULL) return SEPCONV_BAD_ARGUMENT;
  }
  return SEPCONV_OK;
}

/* Elements from one index to the next in the user's array. */
typedef struct source_strides {
  int64_t co, ci, kh, kw;
} source_strides;

static source_strides strides_of(const sepconv_part* part, sepconv_order order) {
  source_strides s;
  if (order == SEPCONV_OIHW) {
    s.kw = 1, s.kh = part->kw, s.ci = part->kh * part->kw, s.co = part->ci * part->kh * part->kw;
  } else {
    s.co = 1, s.ci = part->co, s.kw = part->ci * part->co, s.kh = part->kw * part->ci * part->co;
  }
  return s;
}

static unsigned char* put(unsigned char* to, uint32_t dtype, float value) {
  if (dtype == SEPCONV_DTYPE_F16) {
    const uint16_t half = sepconv_f32_to_f16(value);
    memcpy(to, &half, sizeof half);
    return to + sizeof half;
  }
  memcpy(to, &value, sizeof value);
  return to + sizeof value;
}

/* [co blocks][kh][kw][ci][block]; depthwise weights and biases are one block of all channels. */
static void pack_part(const sepconv_part* part, sepconv_order order, const float* from,
                      unsigned char* to) {
  const source_strides s = strides_of(part, order);
  const int64_t padded = (part->co + CHANNEL_BLOCK - 1) / CHANNEL_BLOCK * CHANNEL_BLOCK;
  const int blocked = part->kind == SEPCONV_PART_POINTWISE || part->kind == SEPCONV_PART_CONV2D;
  const int64_t block = blocked ? CHANNEL_BLOCK : padded;
  for (int64_t co = 0; co < padded; co += block) {
    for (int64_t kh = 0; kh < part->kh; ++kh) {
      for (int64_t kw = 0; kw < part->kw; ++kw) {
        for (int64_t ci = 0; ci < part->ci; ++ci) {
          const float* row = from + kh * s.kh + kw * s.kw + ci * s.ci;
          for (int64_t lane = 0; lane < block; ++lane) {
            to = put(to, part->dtype, co + lane < part->co ? row[(co + lane) * s.co] : 0.0f);
          }
        }
      }
    }
  }
}

sepconv_status sepconv_kernel_pack(const sepconv_kernel* kernel, sepconv_order order,
                                   const sepconv_weights* weights, void* packed, size_t bytes) {
  const sepconv_status status = check(kernel, order, weights, packed, bytes);
  if (status != SEPCONV_OK) return status;
  const sepconv_kernel_impl* impl = kernel->impl;
  sepconv_blob_header* header = (sepconv_blob_header*)packed;
  memset(header, 0, SEPCONV_BLOB_HEADER_BYTES);
  header->magic = SEPCONV_BLOB_MAGIC;
  header->packing_version = impl->packing_version;
  header->layer_hash = impl->layer_hash;
  header->bytes = kernel->packed_bytes;
  unsigned char* payload = (unsigned char*)packed + SEPCONV_BLOB_HEADER_BYTES;
  for (uint64_t i = 0; i < impl->part_count; ++i) {
    const sepconv_part* part = &impl->parts[i];
    pack_part(part, order, source_of(weights, part->role), payload + part->offset);
  }
  return SEPCONV_OK;
}
