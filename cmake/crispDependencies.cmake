# Finds what crisp's headers need, on the system; names the package of what is missing. Used here and by find_package(crisp).

function(crisp_missing what package)
  message(FATAL_ERROR "crisp needs ${what}: install the package ${package} (Debian, Ubuntu: apt-get install ${package}), "
    "or tell CMake where it is by CMAKE_PREFIX_PATH")
endfunction()

find_package(Eigen3 3.3 QUIET NO_MODULE)
if(NOT TARGET Eigen3::Eigen)
  crisp_missing("Eigen 3.3 or newer" libeigen3-dev)
endif()

find_package(nlohmann_json 3.7 QUIET)
if(NOT TARGET nlohmann_json::nlohmann_json)
  crisp_missing("nlohmann/json 3.7 or newer" nlohmann-json3-dev)
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
find_package(OpenMP QUIET COMPONENTS CXX)
