# What `cmake --install` puts where: the tool, the Halide library it loads, the CMake package.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)
install(TARGETS sepconv RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
install(PROGRAMS ${HALIDE_WHEEL_LIBRARY} DESTINATION ${CMAKE_INSTALL_LIBDIR})
# Where the tool looks for it: ../share/sepconv beside its own folder.
install(FILES ${PROJECT_SOURCE_DIR}/schedules/db/tuned.db DESTINATION share/sepconv)
set(package_folder ${CMAKE_INSTALL_LIBDIR}/cmake/sepconv)
configure_package_config_file(${PROJECT_SOURCE_DIR}/cmake/sepconvConfig.cmake.in
  ${PROJECT_BINARY_DIR}/package/sepconvConfig.cmake
  INSTALL_DESTINATION ${package_folder}
  PATH_VARS CMAKE_INSTALL_BINDIR)
write_basic_package_version_file(${PROJECT_BINARY_DIR}/package/sepconvConfigVersion.cmake
  COMPATIBILITY SameMajorVersion)
install(FILES ${PROJECT_BINARY_DIR}/package/sepconvConfig.cmake
              ${PROJECT_BINARY_DIR}/package/sepconvConfigVersion.cmake
              ${PROJECT_SOURCE_DIR}/cmake/SepconvAddLibrary.cmake
        DESTINATION ${package_folder})
