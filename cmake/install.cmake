# After `cmake --install`, `find_package(Sluice CONFIG)` gives sluice::core.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

set(sluice_package_dir "${CMAKE_INSTALL_LIBDIR}/cmake/Sluice")

install(TARGETS sluice_core EXPORT SluiceTargets
  ARCHIVE DESTINATION "${CMAKE_INSTALL_LIBDIR}"
  INCLUDES DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}")
install(DIRECTORY "${PROJECT_SOURCE_DIR}/include/" DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}"
  FILES_MATCHING PATTERN "*.hpp")
install(EXPORT SluiceTargets NAMESPACE sluice:: DESTINATION "${sluice_package_dir}")

configure_package_config_file("${PROJECT_SOURCE_DIR}/cmake/SluiceConfig.cmake.in"
  "${PROJECT_BINARY_DIR}/SluiceConfig.cmake" INSTALL_DESTINATION "${sluice_package_dir}")
# Before 1.0 a minor release may break its users, so 0.2 does not satisfy who asked for 0.1.
write_basic_package_version_file("${PROJECT_BINARY_DIR}/SluiceConfigVersion.cmake"
  COMPATIBILITY SameMinorVersion)
install(FILES
  "${PROJECT_BINARY_DIR}/SluiceConfig.cmake"
  "${PROJECT_BINARY_DIR}/SluiceConfigVersion.cmake"
  DESTINATION "${sluice_package_dir}")
