// CUDA graphs of libtorch behind a C ABI; src/train/cuda_graph.rs opens it at run time. native/build.sh compiles it.
// Every function gives null, or what went wrong in one line (valid until the next call of the same thread).
// A graph is used by one thread: what is current is a stream of that thread.

#include <ATen/cuda/CUDAGraph.h>
#include <c10/core/Event.h>
#include <c10/cuda/CUDAGuard.h>
#include <c10/cuda/CUDAStream.h>

#include <algorithm>
#include <exception>
#include <memory>
#include <optional>
#include <string>

namespace {

struct Recorder {
    c10::cuda::CUDAStream side;
    at::cuda::CUDAGraph graph;
    // While it is there, the side stream is the current one.
    std::optional<c10::cuda::CUDAStreamGuard> aside;

    explicit Recorder(c10::DeviceIndex device) : side(c10::cuda::getStreamFromPool(false, device)) {}
};

thread_local std::string last;

template <typename Work> const char *caught(Work work) noexcept {
    try {
        work();
        return nullptr;
    } catch (const c10::Error &e) {
        last = e.what_without_backtrace();
    } catch (const std::exception &e) {
        last = e.what();
    } catch (...) {
        last = "an unknown exception";
    }
    last.resize(std::min(last.find('\n'), last.size()));
    return last.c_str();
}

// What comes next on `after` begins when all that is on `before` is done.
void follow(const c10::cuda::CUDAStream &after, const c10::cuda::CUDAStream &before) {
    c10::Event done(c10::DeviceType::CUDA);
    done.record(before.unwrap());
    done.block(after.unwrap());
}

} // namespace

#pragma GCC visibility push(default)
extern "C" {

// An empty graph on `device`.
const char *seraug_graph_new(int device, Recorder **out) {
    return caught([&] {
        c10::cuda::CUDAGuard guard(static_cast<c10::DeviceIndex>(device));
        *out = new Recorder(static_cast<c10::DeviceIndex>(device));
    });
}

// Makes the side stream current, after what the current one has been given.
const char *seraug_graph_enter(Recorder *r) {
    return caught([&] {
        follow(r->side, c10::cuda::getCurrentCUDAStream(r->side.device_index()));
        r->aside.emplace(r->side);
    });
}

// Makes the former stream current again, after what the side stream has been given.
const char *seraug_graph_leave(Recorder *r) {
    return caught([&] {
        r->aside.reset();
        follow(c10::cuda::getCurrentCUDAStream(r->side.device_index()), r->side);
    });
}

// From here to the end, work of this thread on the side stream is recorded and not done. Entered before.
const char *seraug_graph_begin(Recorder *r) {
    return caught([&] { r->graph.capture_begin(); });
}

const char *seraug_graph_end(Recorder *r) {
    return caught([&] { r->graph.capture_end(); });
}

// Does what was recorded, on the current stream, without waiting for it.
const char *seraug_graph_replay(Recorder *r) {
    return caught([&] { r->graph.replay(); });
}

// Null is no graph.
const char *seraug_graph_free(Recorder *r) {
    return caught([&] { delete r; });
}

} // extern "C"
#pragma GCC visibility pop
