#!/bin/sh
# Compiles native/cuda_graph.cpp: native/build.sh TORCH HEADERS OUT
# TORCH is the torch folder of a Python wheel with CUDA 13 (headers and libraries), HEADERS the folder of cuda_runtime.h (the
# wheels nvidia-cuda-runtime and nvidia-cuda-crt have it below nvidia/cu13/include), OUT the shared object.
# No CUDA toolkit and no CUDA libraries: what is undefined is found in libtorch_cuda.so and libc10_cuda.so at run time.
set -eu
torch=$1 headers=$2 out=$3
here=$(cd "$(dirname "$0")" && pwd)
# The wheels of Linux have had the new ABI since 2.6; the headers take it from the command line.
${CXX:-g++} -std=c++17 -O2 -fPIC -shared -D_GLIBCXX_USE_CXX11_ABI=1 -fvisibility=hidden \
    -isystem "$torch/include" -isystem "$torch/include/torch/csrc/api/include" -isystem "$headers" \
    "$here/cuda_graph.cpp" -o "$out" \
    -L"$torch/lib" -Wl,--no-as-needed -Wl,--unresolved-symbols=ignore-all -lc10_cuda -ltorch_cuda -lc10
