# crisp::files: the libraries for file formats beyond PNG, JPEG and BMP of 8 bits and safetensors:
# crisp/data/image_writer.hpp needs libpng, crisp/io/pth.hpp libzip, crisp/io/onnx.hpp the protobuf
# classes of ONNX. Where one of them is missing there is no such target, and crisp_files_lack are the two
# arguments of crisp_missing that say which.
set(crisp_files_lack)
find_package(PNG 1.6 QUIET)
if(NOT TARGET PNG::PNG)
  set(crisp_files_lack "libpng 1.6 or newer, for crisp/data/image_writer.hpp and the crisp program"
    libpng-dev)
endif()
find_path(CRISP_ZIP_INCLUDE_DIR zip.h)  # libzip's own CMake files ask for its programs too
find_library(CRISP_ZIP_LIBRARY zip)
if(NOT crisp_files_lack AND (NOT CRISP_ZIP_INCLUDE_DIR OR NOT CRISP_ZIP_LIBRARY))
  set(crisp_files_lack "libzip, for crisp/io/pth.hpp and the crisp program" libzip-dev)
endif()
find_path(CRISP_ONNX_INCLUDE_DIR onnx/onnx_pb.h)
find_library(CRISP_ONNX_LIBRARY onnx_proto)
find_library(CRISP_PROTOBUF_LIBRARY protobuf)
if(NOT crisp_files_lack AND
    (NOT CRISP_ONNX_INCLUDE_DIR OR NOT CRISP_ONNX_LIBRARY OR NOT CRISP_PROTOBUF_LIBRARY))
  set(crisp_files_lack "ONNX and protobuf, for crisp/io/onnx.hpp and the crisp program"
    "libonnx-dev libprotobuf-dev")
endif()
# Further formats of pictures, where they are found: crisp/data/image_libraries.hpp.
set(crisp_image_libraries)
foreach(part "JPEG jpeglib.h jpeg" "TIFF tiffio.h tiff" "WEBP webp/decode.h webp")
  separate_arguments(part)
  list(GET part 0 name)
  list(GET part 1 header)
  list(GET part 2 library)
  find_path(CRISP_${name}_INCLUDE_DIR ${header})
  find_library(CRISP_${name}_LIBRARY ${library})
  if(CRISP_${name}_INCLUDE_DIR AND CRISP_${name}_LIBRARY)
    list(APPEND crisp_image_libraries ${name})
  endif()
endforeach()
if(NOT crisp_files_lack AND NOT TARGET crisp::files)
  add_library(crisp_files INTERFACE)
  add_library(crisp::files ALIAS crisp_files)
  target_include_directories(crisp_files SYSTEM INTERFACE ${CRISP_ZIP_INCLUDE_DIR} ${CRISP_ONNX_INCLUDE_DIR})
  target_link_libraries(crisp_files INTERFACE PNG::PNG ${CRISP_ZIP_LIBRARY} ${CRISP_ONNX_LIBRARY} ${CRISP_PROTOBUF_LIBRARY})
  foreach(name ${crisp_image_libraries})
    target_include_directories(crisp_files SYSTEM INTERFACE ${CRISP_${name}_INCLUDE_DIR})
    target_link_libraries(crisp_files INTERFACE ${CRISP_${name}_LIBRARY})
    target_compile_definitions(crisp_files INTERFACE CRISP_WITH_LIB${name})
  endforeach()
  list(JOIN crisp_image_libraries ", " crisp_image_libraries)
  message(STATUS "crisp: pictures are read by libpng and: ${crisp_image_libraries}")
endif()
