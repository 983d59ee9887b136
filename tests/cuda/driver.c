// A libcuda.so.1 with one card, for what is said of a driver: built with VERSION (12040: of CUDA 12.4), NAME and CAPABILITY (80).
#include <stddef.h>
#include <string.h>

int cuInit(unsigned flags) { return (int)flags; }
int cuDriverGetVersion(int *version) { *version = VERSION; return 0; }
int cuDeviceGetCount(int *count) { *count = 1; return 0; }
int cuDeviceGet(int *device, int ordinal) { *device = ordinal; return ordinal == 0 ? 0 : 101; }
int cuDeviceGetName(char *name, int length, int device) { strncpy(name, NAME, (size_t)length); return device; }
int cuDeviceTotalMem_v2(size_t *bytes, int device) { *bytes = (size_t)40 << 30; return device; }
int cuDeviceGetAttribute(int *value, int which, int device) {
    *value = which == 75 ? CAPABILITY / 10 : which == 76 ? CAPABILITY % 10 : 0;
    return device;
}
