# Finds what crisp's headers need, on the system; names the package of what is missing. Used here and by find_package(crisp).

# crisp_missing_message(RESULT WHAT PACKAGE): the sentence for what is missing.
function(crisp_missing_message result what package)
  set(${result} "crisp needs ${what}: install the package ${package} (Debian, Ubuntu: \
apt-get install ${package}), or tell CMake where it is by CMAKE_PREFIX_PATH" PARENT_SCOPE)
endfunction()

# crisp_missing(WHAT PACKAGE): stops; within find_package(crisp) it leaves that to find_package, which knows REQUIRED and QUIET.
macro(crisp_missing what package)
  crisp_missing_message(crisp_message "${what}" "${package}")
  if(CMAKE_FIND_PACKAGE_NAME STREQUAL "crisp")
    set(crisp_FOUND FALSE)
    set(crisp_NOT_FOUND_MESSAGE "${crisp_message}")
    return()
  endif()
  message(FATAL_ERROR "${crisp_message}")
endmacro()

if(NOT TARGET Eigen3::Eigen)
  find_package(Eigen3 QUIET NO_MODULE)  # without a version here: Eigen 5 would not count as "3.3 or newer"
  if(NOT Eigen3_FOUND OR Eigen3_VERSION VERSION_LESS 3.3)
    crisp_missing("Eigen 3.3 or newer" libeigen3-dev)
  endif()
endif()

if(NOT TARGET crisp::stb)
  find_path(CRISP_STB_INCLUDE_DIR stb_image.h PATH_SUFFIXES stb)
  if(NOT CRISP_STB_INCLUDE_DIR)
    crisp_missing("stb_image.h and stb_image_write.h" libstb-dev)
  endif()
  add_library(crisp::stb INTERFACE IMPORTED GLOBAL)
  target_include_directories(crisp::stb SYSTEM INTERFACE ${CRISP_STB_INCLUDE_DIR})
endif()

set(THREADS_PREFER_PTHREAD_FLAG ON)
find_package(Threads REQUIRED)
