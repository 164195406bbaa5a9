//! Tells the clients: writes, installs and checks the update manifests.

fn main() {}
