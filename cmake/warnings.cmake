# Linked privately by everything we compile ourselves; never by those who use the library.
add_library(sluice_warnings INTERFACE)
target_compile_options(sluice_warnings INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion
  $<$<BOOL:${SLUICE_WARNINGS_AS_ERRORS}>:-Werror>)
