# Halide from its PyPI wheel as the imported target Halide::Wheel (include folder and libHalide.so).
# HALIDE_WHEEL_DIR is the wheel's `halide` folder; scripts/build puts it under .deps.
# The wheel's own CMake package needs CMake 3.28 and Python headers, so it is not used.
set(HALIDE_WHEEL_DIR ${PROJECT_SOURCE_DIR}/.deps/python/halide CACHE PATH
    "The `halide` folder of the Halide 21 wheel")
find_path(HALIDE_WHEEL_INCLUDE_DIR Halide.h PATHS ${HALIDE_WHEEL_DIR}/include NO_DEFAULT_PATH)
find_library(HALIDE_WHEEL_LIBRARY Halide PATHS ${HALIDE_WHEEL_DIR}/lib64 ${HALIDE_WHEEL_DIR}/lib
             NO_DEFAULT_PATH)
include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(HalideWheel
  REQUIRED_VARS HALIDE_WHEEL_LIBRARY HALIDE_WHEEL_INCLUDE_DIR
  REASON_FAILURE_MESSAGE "run scripts/build once, or set HALIDE_WHEEL_DIR")
if(HalideWheel_FOUND AND NOT TARGET Halide::Wheel)
  add_library(Halide::Wheel SHARED IMPORTED)
  set_target_properties(Halide::Wheel PROPERTIES
    IMPORTED_LOCATION ${HALIDE_WHEEL_LIBRARY}
    IMPORTED_NO_SONAME FALSE
    INTERFACE_INCLUDE_DIRECTORIES ${HALIDE_WHEEL_INCLUDE_DIR}
    INTERFACE_SYSTEM_INCLUDE_DIRECTORIES ${HALIDE_WHEEL_INCLUDE_DIR}
    INTERFACE_COMPILE_DEFINITIONS "HALIDE_WITH_EXCEPTIONS;HALIDE_ENABLE_RTTI")
endif()
