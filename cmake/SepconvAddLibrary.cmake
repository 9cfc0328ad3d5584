# sepconv_add_library(<target> LAYERS <file>... TARGETS <target>... [NAME <lib>] [DB <file>|none]
#                     [MACHINE <class>])
#
# Generates a kernel library while the app builds: an imported static library <target> with its
# include folders. <lib> is the layer file's own name unless NAME says otherwise (needed with several
# files); the header is <lib>.h. A changed layer file, database or tool runs the generator again,
# which takes unchanged layers from its cache. TARGETS defaults to native. MACHINE chooses among the
# database's records (docs/tuning.md).
#
# The tool: SEPCONV_EXECUTABLE where set (cross builds name the host's tool), else the target
# sepconv::sepconv of the installed package or of this very build.
function(sepconv_add_library target)
  cmake_parse_arguments(PARSE_ARGV 1 ARG "" "NAME;DB;MACHINE" "LAYERS;TARGETS")
  if(ARG_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "sepconv_add_library(${target}): unknown argument ${ARG_UNPARSED_ARGUMENTS}")
  endif()
  if(NOT ARG_LAYERS)
    message(FATAL_ERROR "sepconv_add_library(${target}): LAYERS needs at least one file")
  endif()
  if(NOT ARG_TARGETS)
    set(ARG_TARGETS native)
  endif()

  set(layers)
  foreach(file IN LISTS ARG_LAYERS)
    get_filename_component(path ${file} ABSOLUTE BASE_DIR ${CMAKE_CURRENT_SOURCE_DIR})
    list(APPEND layers ${path})
    # The library's name is in the file, so a new one configures again.
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${path})
  endforeach()
  if(NOT ARG_NAME)
    list(LENGTH layers count)
    if(count GREATER 1)
      message(FATAL_ERROR "sepconv_add_library(${target}): several layer files need a NAME")
    endif()
    file(READ ${layers} text)
    string(JSON ARG_NAME ERROR_VARIABLE missing GET "${text}" name)
    if(missing)
      set(ARG_NAME kernels)
    endif()
  endif()

  if(SEPCONV_EXECUTABLE)
    set(tool ${SEPCONV_EXECUTABLE})
    set(tool_dependency ${SEPCONV_EXECUTABLE})
  elseif(TARGET sepconv::sepconv)
    set(tool $<TARGET_FILE:sepconv::sepconv>)
    set(tool_dependency sepconv::sepconv)
  else()
    message(FATAL_ERROR "sepconv_add_library(${target}): no generator; set SEPCONV_EXECUTABLE to a "
                        "sepconv that runs on this machine")
  endif()

  set(database)
  set(database_dependency)
  if(ARG_DB AND NOT ARG_DB STREQUAL none)
    get_filename_component(database_dependency ${ARG_DB} ABSOLUTE BASE_DIR ${CMAKE_CURRENT_SOURCE_DIR})
    set(database --db ${database_dependency})
  elseif(ARG_DB)
    set(database --db none)
  endif()
  if(ARG_MACHINE)
    list(APPEND database --machine ${ARG_MACHINE})
  endif()
  string(JOIN "," targets ${ARG_TARGETS})
  set(out ${CMAKE_CURRENT_BINARY_DIR}/sepconv/${target})
  set(archive ${out}/lib${ARG_NAME}.a)
  set(header ${out}/${ARG_NAME}.h)
  add_custom_command(
    OUTPUT ${archive} ${header} ${out}/manifest.json
    COMMAND ${tool} generate --layers ${layers} --target ${targets} --out ${out}
            --name ${ARG_NAME} ${database}
    DEPENDS ${layers} ${tool_dependency} ${database_dependency}
    COMMENT "Generating the kernels of ${target} for ${targets}"
    VERBATIM)
  add_custom_target(${target}_generate DEPENDS ${archive} ${header})

  # Include folders of imported targets must exist when CMake runs.
  file(MAKE_DIRECTORY ${out}/include)
  add_library(${target} STATIC IMPORTED GLOBAL)
  set_target_properties(${target} PROPERTIES
    IMPORTED_LOCATION ${archive}
    INTERFACE_INCLUDE_DIRECTORIES "${out};${out}/include")
  add_dependencies(${target} ${target}_generate)
endfunction()
