// CRISP_VERSION: which crisp this is, as text. CMakeLists.txt reads the numbers from here.
#pragma once

#define CRISP_VERSION_MAJOR 0
#define CRISP_VERSION_MINOR 1
#define CRISP_VERSION_PATCH 0

#define CRISP_VERSION_TEXT(number) #number
#define CRISP_VERSION_JOINED(major, minor, patch) \
  CRISP_VERSION_TEXT(major) "." CRISP_VERSION_TEXT(minor) "." CRISP_VERSION_TEXT(patch)
#define CRISP_VERSION CRISP_VERSION_JOINED(CRISP_VERSION_MAJOR, CRISP_VERSION_MINOR, CRISP_VERSION_PATCH)
