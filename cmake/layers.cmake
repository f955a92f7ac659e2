# sluice_add_layer(<name> [ABOVE <layer>])
#
# One target per layer, `sluice_<name>`, from src/<name>/**.cpp: an object library, or an interface library
# while the layer is headers only. include/ is public; src/ is for the layers and the tests alone.
function(sluice_add_layer name)
  cmake_parse_arguments(PARSE_ARGV 1 layer "" "ABOVE" "")
  set(target sluice_${name})
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/src/${name}/*.cpp")

  if(sources)
    add_library(${target} OBJECT ${sources})
    target_link_libraries(${target} PRIVATE sluice_warnings)
    target_include_directories(${target} PRIVATE "${PROJECT_SOURCE_DIR}/src")
    set_target_properties(${target} PROPERTIES CXX_EXTENSIONS OFF)
    set(scope PUBLIC)
  else()
    add_library(${target} INTERFACE)
    set(scope INTERFACE)
  endif()

  target_include_directories(${target} ${scope} "${PROJECT_SOURCE_DIR}/include")
  target_compile_features(${target} ${scope} cxx_std_20)
  target_link_libraries(${target} ${scope} Threads::Threads)
  if(layer_ABOVE)
    target_link_libraries(${target} ${scope} sluice_${layer_ABOVE})
  endif()
endfunction()

# sluice_add_library(<name> LAYERS <layer>...)
#
# The static library `sluice_<name>`, also `sluice::<name>`, that collects layers. It takes their objects
# rather than linking them, so the exported target names no target that is not installed.
function(sluice_add_library name)
  cmake_parse_arguments(PARSE_ARGV 1 library "" "" "LAYERS")
  set(target sluice_${name})
  add_library(${target} STATIC)
  add_library(sluice::${name} ALIAS ${target})

  foreach(layer IN LISTS library_LAYERS)
    get_target_property(type sluice_${layer} TYPE)
    if(type STREQUAL "OBJECT_LIBRARY")
      target_sources(${target} PRIVATE $<TARGET_OBJECTS:sluice_${layer}>)
    endif()
  endforeach()

  target_include_directories(${target} PUBLIC
    $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include>)
  target_compile_features(${target} PUBLIC cxx_std_20)
  target_link_libraries(${target} PUBLIC Threads::Threads)
  set_target_properties(${target} PROPERTIES EXPORT_NAME ${name} LINKER_LANGUAGE CXX CXX_EXTENSIONS OFF)
endfunction()
