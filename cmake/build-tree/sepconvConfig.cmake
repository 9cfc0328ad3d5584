# find_package(sepconv) straight from the source tree; SEPCONV_EXECUTABLE must name the tool.
include(${CMAKE_CURRENT_LIST_DIR}/../SepconvAddLibrary.cmake)
