//! CUDA graphs: work that is recorded once and then given to the device whole. tch has none; native/cuda_graph.cpp puts
//! libtorch's behind a C ABI, in a shared object beside the program that is opened at run time.

use super::libtorch::load_cuda;
use libloading::os::unix::{Library, RTLD_LOCAL, RTLD_NOW};
use seraug_core::device::CUDA_GRAPH;
use std::ffi::{CStr, c_char, c_int, c_void};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::OnceLock;

type GraphMessage = *const c_char;
type OfGraph = unsafe extern "C" fn(*mut c_void) -> GraphMessage;

/// The functions of the shared object; each gives null or a line.
#[derive(Debug, Clone, Copy)]
pub struct GraphApi {
    new: unsafe extern "C" fn(c_int, *mut *mut c_void) -> GraphMessage,
    enter: OfGraph,
    leave: OfGraph,
    begin: OfGraph,
    end: OfGraph,
    replay: OfGraph,
    free: OfGraph,
}

/// The shared object beside this program, opened once a process; the error says in one line why there is none.
pub fn api() -> Result<GraphApi, String> {
    static API: OnceLock<Result<GraphApi, String>> = OnceLock::new();
    let beside = || {
        let file = std::env::current_exe().map_err(|e| e.to_string())?.with_file_name(CUDA_GRAPH);
        load_cuda()?;
        open(&file)
    };
    API.get_or_init(beside).clone()
}

/// Opens a shared object with these functions; it stays open.
///
/// # Errors
/// One line: it is not there, does not load, or lacks a function.
pub fn open(file: &Path) -> Result<GraphApi, String> {
    let shown = file.display();
    if !file.exists() {
        return Err(format!("{shown} is not there; `just cuda-graph` builds it"));
    }
    let failed = |e: libloading::Error| {
        let why = std::error::Error::source(&e).map_or_else(|| e.to_string(), ToString::to_string);
        format!("{shown} does not load: {}", first_line(&why))
    };
    // SAFETY: it has no initialisers but those of the C++ library; the signatures are those of native/cuda_graph.cpp.
    unsafe {
        let library = Library::open(Some(file), RTLD_NOW | RTLD_LOCAL).map_err(failed)?;
        let of_graph = |name: &[u8]| library.get::<OfGraph>(name).map(|f| *f).map_err(failed);
        let api = GraphApi {
            new: *library.get(b"seraug_graph_new\0").map_err(failed)?,
            enter: of_graph(b"seraug_graph_enter\0")?,
            leave: of_graph(b"seraug_graph_leave\0")?,
            begin: of_graph(b"seraug_graph_begin\0")?,
            end: of_graph(b"seraug_graph_end\0")?,
            replay: of_graph(b"seraug_graph_replay\0")?,
            free: of_graph(b"seraug_graph_free\0")?,
        };
        std::mem::forget(library);
        Ok(api)
    }
}

/// A recording, and the stream of its own that it is made on. It stays on the thread that made it.
#[derive(Debug)]
pub struct Graph {
    api: GraphApi,
    handle: *mut c_void,
}

impl Graph {
    /// An empty one on CUDA device `device`.
    ///
    /// # Errors
    /// One line of what libtorch says.
    pub fn new(api: GraphApi, device: usize) -> Result<Graph, String> {
        let mut handle = std::ptr::null_mut();
        let device = c_int::try_from(device).map_err(|e| e.to_string())?;
        // SAFETY: as of `open`; the pointer is to a live local.
        said(unsafe { (api.new)(device, &raw mut handle) })?;
        Ok(Graph { api, handle })
    }

    fn call(&self, function: OfGraph) -> Result<(), String> {
        // SAFETY: the handle is of `new`, and not freed before `drop`.
        said(unsafe { function(self.handle) })
    }

    /// Does `work` on the recording's stream, eagerly: libtorch wants that before a recording, and libraries choose their
    /// algorithms then. With the value, why the stream could not be left in order: all of the device is to be waited for then.
    ///
    /// # Errors
    /// The stream could not be entered; `work` was not done.
    pub fn rehearse<T>(&self, work: impl FnOnce() -> T) -> Result<(T, Option<String>), String> {
        self.call(self.api.enter)?;
        let value = work();
        Ok((value, self.call(self.api.leave).err()))
    }

    /// Records what `work` gives to the device, none of which is done. What it returns lies where every
    /// [`Graph::replay`] writes it.
    ///
    /// # Errors
    /// It cannot be recorded; nothing was done on the device, but what `work` changed on the host is changed.
    pub fn record<T>(&self, work: impl FnOnce() -> T) -> Result<T, String> {
        self.call(self.api.enter)?;
        let recorded = self.call(self.api.begin).and_then(|()| {
            // tch panics where libtorch throws, and a recording that is left open would take all that follows.
            let value = catch_unwind(AssertUnwindSafe(work));
            let ended = self.call(self.api.end);
            let value = value.map_err(|payload| {
                let text = payload.downcast_ref::<String>().map(String::as_str);
                first_line(text.or_else(|| payload.downcast_ref::<&str>().copied()).unwrap_or("a panic"))
            })?;
            ended.map(|()| value)
        });
        let left = self.call(self.api.leave);
        recorded.and_then(|value| left.map(|()| value))
    }

    /// Does what was recorded, after what the current stream has been given; does not wait for it.
    ///
    /// # Errors
    /// It could not be given to the device.
    pub fn replay(&self) -> Result<(), String> {
        self.call(self.api.replay)
    }
}

impl Drop for Graph {
    fn drop(&mut self) {
        let _ = self.call(self.api.free);
    }
}

fn said(line: GraphMessage) -> Result<(), String> {
    // SAFETY: null, or a string that stays until the next call.
    match unsafe { line.as_ref().map(|line| CStr::from_ptr(line)) } {
        None => Ok(()),
        Some(line) => Err(first_line(&line.to_string_lossy())),
    }
}

fn first_line(text: &str) -> String {
    let line = text.lines().next().unwrap_or_default();
    line.split("\\n").next().unwrap_or_default().to_owned()
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// The ABI without CUDA: `begin` refuses where asked to, and `replay` does nothing.
    pub(crate) fn stand_in(dir: &Path, begin: &str) -> GraphApi {
        let (source, library) = (dir.join("graph.c"), dir.join(CUDA_GRAPH));
        let text = format!(
            r#"
            static int entered;
            const char *seraug_graph_new(int device, void **out) {{ *out = &entered; return device == 9 ? "no device 9\nat x" : 0; }}
            const char *seraug_graph_enter(void *g) {{ return entered++ ? "entered twice" : 0; }}
            const char *seraug_graph_leave(void *g) {{ return --entered ? "left twice" : 0; }}
            const char *seraug_graph_begin(void *g) {{ return {begin}; }}
            const char *seraug_graph_end(void *g) {{ return 0; }}
            const char *seraug_graph_replay(void *g) {{ return entered ? "replayed inside" : 0; }}
            const char *seraug_graph_free(void *g) {{ return 0; }}
        "#
        );
        std::fs::write(&source, text).unwrap();
        let cc = std::process::Command::new("cc")
            .args(["-shared", "-fPIC", "-o"])
            .args([&library, &source])
            .status();
        assert!(cc.unwrap().success());
        open(&library).unwrap()
    }

    #[test]
    fn what_cannot_be_opened_is_a_reason_on_one_line() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join(CUDA_GRAPH);
        assert!(open(&file).unwrap_err().ends_with("is not there; `just cuda-graph` builds it"));
        std::fs::write(&file, "no library").unwrap();
        let reason = open(&file).unwrap_err();
        assert!(reason.contains("does not load") && reason.lines().count() == 1, "{reason}");
    }

    #[test]
    fn a_recording_is_left_whatever_happens_in_it() {
        let dir = tempfile::tempdir().unwrap();
        let api = stand_in(dir.path(), "0");
        assert_eq!(Graph::new(api, 9).unwrap_err(), "no device 9");
        let graph = Graph::new(api, 0).unwrap();
        assert_eq!(graph.rehearse(|| 3), Ok((3, None)));
        assert_eq!(graph.record(|| 4), Ok(4));
        let panicked = graph.record(|| -> i32 { panic!("out of memory\nat y") });
        assert_eq!(panicked, Err("out of memory".to_owned()));
        assert_eq!((graph.replay(), graph.record(|| 5)), (Ok(()), Ok(5)));
    }
}
