# sepconv_folder(<name> SOURCES <file>... [DEPENDS <folder or library>...])
# One folder of the data flow as a static library sepconv_<name>, included as "<name>/file.h".
function(sepconv_folder name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPENDS" ${ARGN})
  add_library(sepconv_${name} STATIC ${ARG_SOURCES})
  target_include_directories(sepconv_${name} PUBLIC ${PROJECT_SOURCE_DIR})
  target_compile_options(sepconv_${name} PRIVATE -Wall -Wextra)
  if(CMAKE_CXX_COMPILER_ID STREQUAL GNU AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
    # GCC 12 warns of overlapping copies inside std::string that cannot happen (GCC PR 105651).
    target_compile_options(sepconv_${name} PRIVATE -Wno-restrict)
  endif()
  if(SEPCONV_WARNINGS_AS_ERRORS)
    target_compile_options(sepconv_${name} PRIVATE -Werror)
  endif()
  foreach(dependency IN LISTS ARG_DEPENDS)
    if(TARGET sepconv_${dependency})
      set(dependency sepconv_${dependency})
    endif()
    target_link_libraries(sepconv_${name} PUBLIC ${dependency})
  endforeach()
endfunction()

# sepconv_tests(<folder> SOURCES <file>... [DEPENDS <library>...])
# The GoogleTest executable tests_<folder>; its tests carry the label <folder>.
function(sepconv_tests folder)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPENDS" ${ARGN})
  add_executable(tests_${folder} ${ARG_SOURCES})
  target_link_libraries(tests_${folder} PRIVATE GTest::gtest_main ${ARG_DEPENDS})
  target_compile_definitions(tests_${folder} PRIVATE
    SEPCONV_SOURCE_DIR="${PROJECT_SOURCE_DIR}" SEPCONV_BINARY_DIR="${PROJECT_BINARY_DIR}")
  include(GoogleTest)
  gtest_discover_tests(tests_${folder} TEST_PREFIX ${folder}. DISCOVERY_TIMEOUT 60
                       PROPERTIES LABELS ${folder})
endfunction()
