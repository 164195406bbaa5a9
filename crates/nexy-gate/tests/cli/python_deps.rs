//! `python-deps` against a real venv with real wheels, and a runtime that is really older than its stubs.

use crate::{
    holds, said,
    vm::{self, asked},
    world,
};
use nexy_standin::world::World;
use std::{fs, io::Write as _, path::PathBuf};

const GATE: &str = "python-deps";
const STUB: &str = "server/modules/grpc_service/streaming_pb2.py";

/// A world whose VM has a real venv; says loudly when there is none to be had.
fn real(test: &str) -> Option<World> {
    let world = world();
    match world.vm_venv() {
        Ok(()) => Some(world),
        Err(because) => {
            let _ = writeln!(std::io::stderr(), "SKIPPED {test}: {because}");
            None
        }
    }
}

fn site(world: &World) -> PathBuf {
    let lib = world.vm_path("venv/lib");
    let python = fs::read_dir(lib).expect("the venv").next().expect("a Python").expect("its name");
    python.path().join("site-packages")
}

/// The one folder of metadata that a package has.
fn metadata(world: &World, name: &str) -> PathBuf {
    let start = format!("{name}-");
    let is_it =
        |entry: &fs::DirEntry| entry.file_name().to_str().is_some_and(|name| name.starts_with(&start) && name.ends_with(".dist-info"));
    fs::read_dir(site(world)).expect("the packages").flatten().find(is_it).expect("its metadata").path()
}

#[test]
fn a_real_venv_that_fits_passes_and_nothing_is_written_into_the_checkout() {
    let Some(world) = real("a_real_venv_that_fits_passes") else { return };
    let finding = asked(&world, GATE, 0);
    for said in [
        "4 pins hold",
        "2 lines of server/requirements.txt hold",
        "pip check finds nothing",
        "streaming_pb2.py imports",
        "streaming_pb2_grpc.py imports",
    ] {
        holds(&finding, "found", said);
    }
    assert!(!world.vm_path("server/modules/grpc_service/__pycache__").exists());
}

#[test]
fn a_runtime_that_is_older_than_the_stubs_is_the_real_version_error() {
    let Some(world) = real("a_runtime_that_is_older_than_the_stubs_is_the_real_version_error") else { return };
    world.downgrade_protobuf();
    let finding = asked(&world, GATE, 1);
    holds(&finding, "found", "protobuf is 5.29.5, which does not fit protobuf>=6.31.1,<7");
    holds(&finding, "found", "runtime_version.VersionError: Detected ");
    holds(&finding, "found", "server/requirements.txt:2");
    let command = format!("{} -m pip install --upgrade 'protobuf>=6.31.1,<7' ", world.vm_path("venv/bin/python3").display());
    holds(&finding, "fix", &command);
    holds(&finding, "fix", "sudo -u ");
}

#[test]
fn pip_finds_what_a_package_misses() {
    let Some(world) = real("pip_finds_what_a_package_misses") else { return };
    fs::remove_dir_all(metadata(&world, "multidict")).expect("the metadata");
    let finding = asked(&world, GATE, 1);
    holds(&finding, "found", "requires multidict, which is not installed");
    holds(&finding, "fix", "-m pip install --upgrade -r ");
}

#[test]
fn a_venv_without_pip_is_unknown_and_says_how_to_get_it() {
    let Some(world) = real("a_venv_without_pip_is_unknown_and_says_how_to_get_it") else { return };
    fs::remove_dir_all(site(&world).join("pip")).expect("pip");
    let finding = asked(&world, GATE, 69);
    holds(&finding, "found", "the venv has no pip");
    holds(&finding, "fix", "-m ensurepip --upgrade");
}

#[test]
fn a_stub_that_is_missing_broken_or_ends_the_program_is_a_no() {
    let Some(world) = real("a_stub_that_is_missing_broken_or_ends_the_program_is_a_no") else { return };
    for (text, said) in [
        ("from missing_module import x\n", "ModuleNotFoundError: No module named 'missing_module'"),
        ("get_config()\n", "NameError: name 'get_config' is not defined"),
        ("def broken(:\n", "SyntaxError"),
        ("import sys\nsys.exit(0)\n", "it ended the program"),
    ] {
        world.write_vm(STUB, text);
        holds(&asked(&world, GATE, 1), "found", said);
    }
    fs::remove_file(world.vm_path(STUB)).expect("the stub");
    let finding = asked(&world, GATE, 1);
    holds(&finding, "found", "streaming_pb2.py is missing");
    holds(&finding, "fix", &format!("checkout HEAD -- {STUB}"));
}

#[test]
fn a_stub_that_hangs_or_is_killed_is_unknown() {
    let Some(world) = real("a_stub_that_hangs_or_is_killed_is_unknown") else { return };
    world.write_vm(STUB, "import os\nos.kill(os.getpid(), 9)\n");
    holds(&asked(&world, GATE, 69), "found", "python ended with 137");
}

#[test]
fn a_secret_that_a_stub_tells_is_not_repeated() {
    let Some(world) = real("a_secret_that_a_stub_tells_is_not_repeated") else { return };
    world.write_vm(STUB, &format!("raise RuntimeError('API_KEY={} is wrong')\n", vm::SECRET));
    holds(&asked(&world, GATE, 1), "found", "(a line that may hold a value)");
}

#[test]
fn the_units_user_imports_and_nobody_else() {
    let Some(world) = real("the_units_user_imports_and_nobody_else") else { return };
    if !vm::is_root(&world, "the_units_user_imports_and_nobody_else") {
        return;
    }
    let account = vm::serve_as_another_user(&world);
    asked(&world, GATE, 0);
    world.write_vm(STUB, "import os\nraise RuntimeError('uid %d, groups %s' % (os.getuid(), os.getgroups()))\n");
    holds(&asked(&world, GATE, 1), "found", &format!("RuntimeError: uid {}, groups [{}]", account.uid, account.gid));
    let ran = vm::ask_as_a_stranger(&world, GATE);
    ran.exits(69).says("could not be imported");
    assert!(!said(&ran).contains("uid 0"), "{ran}");
}

#[test]
fn the_metadata_on_disk_are_read_and_nothing_is_run_for_them() {
    // The stand-in's Python says yes to everything; the disk does not.
    let world = world();
    asked(&world, GATE, 0);
    let protobuf = metadata(&world, "protobuf");
    for (version, code, said) in [
        ("5.29.5", 1, "protobuf is 5.29.5"),
        ("7.0.0rc1", 1, "protobuf is 7.0.0rc1"),
        ("6.31.1rc1", 1, "protobuf is 6.31.1rc1"),
        ("6.32.0+local", 0, "4 pins hold"),
        ("not a version", 69, "is not understood"),
    ] {
        fs::write(protobuf.join("METADATA"), format!("Name: protobuf\nVersion: {version}\n\nVersion: 6.31.1\n")).expect("the metadata");
        holds(&asked(&world, GATE, code), "found", said);
    }
    fs::remove_file(protobuf.join("METADATA")).expect("the metadata");
    holds(&asked(&world, GATE, 69), "found", "the metadata of protobuf cannot be read");
    fs::remove_dir_all(&protobuf).expect("the package");
    holds(&asked(&world, GATE, 1), "found", "protobuf is not installed");
}

#[test]
fn lines_of_the_requirements_are_held_against_the_disk() {
    let world = world();
    for (text, code, said) in [
        ("aiohttp>=3.9\nmissing.package ~= 1.2\n", 1, "missing-package is not installed (server/requirements.txt:2)"),
        ("aiohttp<3\n", 1, "aiohttp is 3.12.0, which does not fit server/requirements.txt:1"),
        ("-r more.txt\n", 69, "server/requirements.txt:1 names another file"),
        ("x @ https://x.example/x.whl\n", 69, "names a place instead of a version"),
        ("pyobjc; sys_platform == 'darwin'\naiohttp\n", 0, "2 lines of server/requirements.txt hold"),
    ] {
        world.write_vm("server/requirements.txt", text);
        holds(&asked(&world, GATE, code), "found", said);
    }
    fs::remove_file(world.vm_path("server/requirements.txt")).expect("the file");
    holds(&asked(&world, GATE, 1), "found", "server/requirements.txt is missing");
}

#[test]
fn a_python_that_is_no_venv_is_never_a_yes() {
    let one = world();
    fs::remove_file(one.vm_path("venv/bin/python3")).expect("the program");
    let finding = asked(&one, GATE, 1);
    holds(&finding, "found", "there is no program");
    holds(&finding, "fix", "python3 -m venv ");
    let two = world();
    fs::write(two.vm_path("venv/pyvenv.cfg"), "include-system-site-packages = true\nversion = 3.11.2\n").expect("the file");
    holds(&asked(&two, GATE, 69), "found", "packages of the system");
    fs::write(two.vm_path("venv/pyvenv.cfg"), "include-system-site-packages = false\n").expect("the file");
    holds(&asked(&two, GATE, 69), "found", "does not name the version");
    fs::remove_file(two.vm_path("venv/pyvenv.cfg")).expect("the file");
    holds(&asked(&two, GATE, 69), "found", "is no venv");
    let three = world();
    fs::remove_dir_all(three.vm_path("venv/lib")).expect("the packages");
    holds(&asked(&three, GATE, 1), "found", "has no packages");
    three.set_target("service", "user", "\"nobody-of-that-name\"");
    holds(&asked(&three, GATE, 1), "found", "this machine has no user nobody-of-that-name");
}
