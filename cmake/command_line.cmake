# The `sluice` command: src/tools, a layer above all others. It is built where CLI11, fmt and RapidJSON are, and
# is no part of the library.
#
# Targets: sluice_tools (all but main, for tests) and sluice_command, whose file is bin/sluice.
find_path(SLUICE_CLI11_INCLUDE CLI/CLI.hpp)
find_path(SLUICE_RAPIDJSON_INCLUDE rapidjson/writer.h)
find_package(fmt QUIET)
mark_as_advanced(SLUICE_CLI11_INCLUDE SLUICE_RAPIDJSON_INCLUDE)

set(missing "")
if(NOT SLUICE_CLI11_INCLUDE)
  list(APPEND missing "CLI11 (libcli11-dev)")
endif()
if(NOT SLUICE_RAPIDJSON_INCLUDE)
  list(APPEND missing "RapidJSON (rapidjson-dev)")
endif()
if(NOT fmt_FOUND)
  list(APPEND missing "fmt (libfmt-dev)")
endif()
if(missing)
  list(JOIN missing ", " missing)
  message(STATUS "Sluice: the command line is left out: missing are ${missing}")
  return()
endif()

file(GLOB sources CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/src/tools/*.cpp")
list(REMOVE_ITEM sources "${PROJECT_SOURCE_DIR}/src/tools/main.cpp")
add_library(sluice_tools OBJECT ${sources})
target_link_libraries(sluice_tools PUBLIC sluice::core fmt::fmt PRIVATE sluice_warnings)
target_include_directories(sluice_tools PUBLIC "${PROJECT_SOURCE_DIR}/src")
target_include_directories(sluice_tools SYSTEM PUBLIC "${SLUICE_CLI11_INCLUDE}" "${SLUICE_RAPIDJSON_INCLUDE}")
target_compile_definitions(sluice_tools PRIVATE SLUICE_VERSION="${PROJECT_VERSION}")

add_executable(sluice_command "${PROJECT_SOURCE_DIR}/src/tools/main.cpp")
target_link_libraries(sluice_command PRIVATE sluice_tools sluice_warnings)
set_target_properties(sluice_tools sluice_command PROPERTIES CXX_EXTENSIONS OFF)
set_target_properties(sluice_command PROPERTIES
  OUTPUT_NAME sluice RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/bin")

if(SLUICE_INSTALL)
  include(GNUInstallDirs)
  install(TARGETS sluice_command RUNTIME DESTINATION "${CMAKE_INSTALL_BINDIR}")
endif()
