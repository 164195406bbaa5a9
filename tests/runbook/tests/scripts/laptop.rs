//! What the tests of scripts share: how the VM's tools are replaced.

use nexy_standin::world::World;
use std::{fs, os::unix::fs::PermissionsExt as _, path::Path, thread, time::Duration};

/// Puts a program in the place of a tool on the VM, or of one that the VM's system has.
pub(crate) fn on_vm(world: &World, tool: &str, body: &str) {
    let file = world.vm_path("bin").join(tool);
    if file.exists() {
        fs::remove_file(&file).unwrap();
    }
    fs::write(&file, format!("#!/bin/sh\n{body}\n")).unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).unwrap();
}

/// A tool on the VM that works until [`let_go`].
pub(crate) fn holds_on(world: &World, tool: &str) {
    let (started, go) = (world.vm_path("started"), world.vm_path("go"));
    on_vm(world, tool, &format!(": >'{}'\nwhile [ ! -e '{}' ]; do sleep 0.02; done\necho done", started.display(), go.display()));
}

/// Waits until the tool of [`holds_on`] works.
pub(crate) fn wait_until_started(world: &World) {
    wait_for(&world.vm_path("started"));
}

/// Lets the tool of [`holds_on`] end, and waits until the VM has nothing left to do.
pub(crate) fn let_go(world: &World) {
    fs::write(world.vm_path("go"), "").unwrap();
    let lock = fs::File::open(world.vm_path("lock/nexy/run.lock")).unwrap();
    lock.lock().unwrap();
}

fn wait_for(file: &Path) {
    for _ in 0..3000 {
        if file.exists() {
            return;
        }
        thread::sleep(Duration::from_millis(10));
    }
    panic!("{} did not appear", file.display());
}

/// The scripts that reached the VM, in order.
pub(crate) fn sent(world: &World) -> Vec<String> {
    let folder = world.state().join("run-command");
    let scripts = (0..).map(|number: u32| folder.join(number.to_string()).join("script.sh"));
    scripts.map_while(|file| fs::read_to_string(file).ok()).collect()
}

/// Nothing stays in the temporary folder of the laptop.
#[track_caller]
pub(crate) fn left_nothing(world: &World) {
    let left: Vec<_> = fs::read_dir(world.root().join("temporary")).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert!(left.is_empty(), "{left:?}");
}

/// How often `az` was asked to run something.
pub(crate) fn invocations(world: &World) -> usize {
    world.az_calls().iter().filter(|call| call.iter().any(|word| word == "invoke")).count()
}
