# One target for each step of a release, in order; `make help` prints them.
# [S0 §1] names the section of the rulebook that asks for the step; docs/rulebooks.md explains S0 to S3.

# Folder of the five tools: those built here come first, then those on PATH.
TOOLS = $(CURDIR)/target/release
# Builds always go to target/, also when CARGO_TARGET_DIR or cargo's own configuration names another folder.
BUILD = cargo build --locked --target-dir target
# Two tests for each processor: many of them wait for programs and stand-ins.
TEST_THREADS = $$((2 * $$(getconf _NPROCESSORS_ONLN)))
PREFIX = /usr/local
DESTDIR =

NEXY_TOML = $(CURDIR)/nexy.toml
export NEXY_TOML
PATH := $(TOOLS):$(PATH)
export PATH

VM_PLATFORM = x86_64-unknown-linux-gnu
NAMES = nexy-version nexy-gate nexy-publish nexy-manifest nexy-verify
SCRIPTS = scripts/*.sh scripts/remote/*.sh scripts/database/*.sh tests/*.sh tests/github/*.sh
TARGET = --target "$$NEXY_TOML"
# The words behind `make` count. A variable of the same name in the environment was set for another purpose.
said = $(if $(filter command,$(firstword $(origin $(1)))),$(2))
# make hands the variables of its command line to the shell, which alone takes them apart: they may hold blanks and quotes.
ALLOWED = $(call said,ALLOW_ROLLED_BACK,$${ALLOW_ROLLED_BACK:+--allow-rolled-back "$$ALLOW_ROLLED_BACK"}) $(call said,KIND,$${KIND:+--kind "$$KIND"})
BACK = $(call said,FROM,$${FROM:+--from "$$FROM"}) $(call said,TO,$${TO:+--to-version "$$TO"}) $(call said,ARTIFACT,$${ARTIFACT:+--artifact "$$ARTIFACT"})
UNASKED = $(call said,YES,$${YES:+--yes})

.PHONY: help rehearse test test-machine status version-set version-check tag inbox-check pre-production gate-deploy gate-publish \
	plan publish manifest-sync manifest-deliver manifest-push validate-updates verify vm-before-checkout vm-db vm-hard \
	vm-versions diagnose incident release done rollback-plan rollback publish-clean build build-vm install lint fuzz bench clean

help: ## print this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{ printf "%-18s %s\n", $$1, $$2 }' Makefile

rehearse: ## a whole release against stand-ins on this machine: no network, no credentials, no root
	$(BUILD) --release --workspace --bins
	target/release/nexy-rehearse --tools target/release

test: ## every test of this repository that starts no machine
	cargo build --locked --workspace --bins
	@mkdir -p target && : >target/skipped
	NEXY_SKIPPED="$(CURDIR)/target/skipped" RUST_TEST_THREADS="$(TEST_THREADS)" cargo test --locked --workspace
	@tests/skipped.sh target/skipped

test-machine: ## tests with a real systemd in a container and a PostgreSQL of their own, as root [S2 §3 Phase 1.1]
	cargo build --locked --workspace --bins
	@mkdir -p target && : >target/skipped
	NEXY_SKIPPED="$(CURDIR)/target/skipped" RUST_TEST_THREADS="$(TEST_THREADS)" cargo test --locked -p nexy-runbook --test database --test machine
	@tests/skipped.sh target/skipped 'make test-machine'

status: ## where the release stands, on one screen, and the one command to type next; VM=1 asks the machine too: make status [VM=1] [S3 §6, S0 §6]
	scripts/status.sh $(call said,VM,$${VM:+--vm})

version-set: ## write version V into every place: make version-set V=X.Y.Z.W [ALLOW_DOWNGRADE='REASON'] [S3 §1]
	@test -n "$(V)" || { printf 'make version-set: V= is missing: which version?\n  do: make version-set V=X.Y.Z.W\n' >&2; exit 2; }
	nexy-version $(TARGET) set "$(V)" $(call said,ALLOW_DOWNGRADE,$${ALLOW_DOWNGRADE:+--allow-downgrade "$$ALLOW_DOWNGRADE"})

version-check: ## does every place hold the version of VERSION? [S3 §1, S1 §4]
	nexy-version $(TARGET) check

tag: ## commit the version, ask the gates about the commit, tag it, push branch and tag: make tag [DRY_RUN=1] [S2 §3 Phase 1, S0 §0]
	scripts/tag_release.sh $(call said,DRY_RUN,$${DRY_RUN:+--dry-run})

inbox-check: ## are the artifacts in the inbox, whole and genuine? [S3 §2.2, S1 §7]
	nexy-gate $(TARGET) release-inbox artifact-genuine

pre-production: ## all gates that a laptop can ask, and the repository's own check [S0 §1, prod_ready_check.sh]
	nexy-gate $(TARGET) pre-production

gate-deploy: ## ask the gates: may the code be deployed? [S0 §2 to §3, S1 §1 to §2]
	nexy-gate $(TARGET) before-deploy

gate-publish: ## ask the gates: may the artifacts be published? [S3 §2, S2 §3 Phase 1]
	nexy-gate $(TARGET) before-publish

plan: ## show what would be uploaded, renamed and told to the clients; changes nothing [S3 §3, dry-run]
	nexy-version $(TARGET) record | nexy-gate $(TARGET) before-publish - | nexy-publish $(TARGET) --dry-run - | \
		nexy-manifest $(TARGET) write --dry-run -

publish: ## ask the gates, then put the artifacts live [S3 §3, S2 §3 Phase 2]
	scripts/release.sh publish $(ALLOWED)

manifest-sync: ## write the manifests from what is live [S3 §1, S2 §3 Phase 2 step 4.1]
	scripts/release.sh manifest

manifest-deliver: ## bring the manifest to the VM, from any clone [S3 §3, S2 §3 Phase 2 step 6]
	scripts/release.sh deliver

manifest-push: ## push the manifests, and nothing else, to the branch that is released from; from any clone [S2 §3 Phase 2 step 4]
	scripts/release.sh push

validate-updates: ## the consistency gate: feed, manifest and live artifact [S2 §3 Phase 2 step 7, S3 §6]
	nexy-verify $(TARGET) updates

verify: ## what do clients get from the public host? [S3 §4, S0 §4.2]
	nexy-verify $(TARGET) public updates

vm-before-checkout: ## may the VM check out the new code? Asked on the VM [S0 §1.1, §5.3, S1 §0.1]
	scripts/vm.sh nexy-gate before-checkout

vm-db: ## backup, restore drill and hardening of the database, asked on the VM [S2 §3 Phase 1.1]
	scripts/vm.sh nexy-gate db

vm-hard: ## the hard gates, asked on the VM before any restart [S0 §1.1, S3 §2.4]
	scripts/vm.sh nexy-gate hard

vm-versions: ## versions and health, asked on the VM [S0 §4.1, S1 §4]
	scripts/vm.sh nexy-verify local

diagnose: ## find known incidents in a log, with what to check and to fix: make diagnose LOG=FILE, or LOG=- for standard input [S1]
	@test -n "$(call said,LOG,x)" || { printf 'make diagnose: LOG= is missing: which log?\n  do: make diagnose LOG=FILE\n' >&2; exit 2; }
	nexy-verify $(TARGET) diagnose "$$LOG"

incident: ## look up an error text among the known incidents: make incident TEXT='PermissionError' [S1]
	@test -n "$(call said,TEXT,x)" || { printf 'make incident: TEXT= is missing: which words?\n  do: make incident TEXT=WORDS\n' >&2; exit 2; }
	nexy-verify $(TARGET) diagnose --text "$$TEXT"

release: ## gates, publish, manifest, deliver, push, verify; files in releases/VERSION/; goes on where it stopped: make release [KIND=update ALLOW_ROLLED_BACK='REASON'] [S3 §2 to §6]
	scripts/release.sh release $(ALLOWED)

done: ## is the version done? Asks the VM and what users get, keeps the answers: make done [KIND=server-only] [S0 §6, S2 §6, S3 §6]
	scripts/done.sh $(call said,KIND,$${KIND:+--kind "$$KIND"})

rollback-plan: ## show what a rollback would give back; changes nothing: make rollback-plan [FROM=X.Y.Z.W TO=X.Y.Z.W ARTIFACT=FILE] [S3 §5]
	scripts/release.sh rollback --dry-run $(BACK)

rollback: ## give users the previous file back, with its manifest, down to the VM and into git; asks first: make rollback [FROM=X.Y.Z.W TO=X.Y.Z.W ARTIFACT=FILE YES=1] [S3 §5]
	scripts/release.sh rollback $(BACK) $(UNASKED)

publish-clean: ## remove old uploads and rolled-back files from the channels, older than an hour [S3 §3]
	nexy-publish $(TARGET) clean

build: ## build the five tools into target/release
	$(BUILD) --release $(NAMES:%=-p %)

build-vm: ## build the five tools as static programs for the VM [S0 §1]
	RUSTFLAGS='-C target-feature=+crt-static' $(BUILD) --release --target $(VM_PLATFORM) $(NAMES:%=-p %)

install: ## install the five tools below PREFIX (/usr/local), with their licences, after make build
	install -d "$(DESTDIR)$(PREFIX)/bin" "$(DESTDIR)$(PREFIX)/share/doc/nexy"
	install -m 644 LICENSE-MIT LICENSE-APACHE LICENSE-LGPL-2.1 THIRD_PARTY.md "$(DESTDIR)$(PREFIX)/share/doc/nexy"
	for name in $(NAMES); do install -m 755 "$(TOOLS)/$$name" "$(DESTDIR)$(PREFIX)/bin/$$name" || exit; done

lint: ## formatting, clippy, shellcheck, dash and cargo-deny; every warning is an error
	cargo fmt --all --check
	cargo clippy --locked --workspace --all-targets -- -D warnings
	shellcheck -x $(SCRIPTS) .ci/run .ci/ordinary-user
	for script in $(SCRIPTS); do dash -n "$$script" || exit; done
	@if command -v cargo-deny >/dev/null; then cargo deny --locked check bans licenses sources; else \
		echo 'make lint: NOT CHECKED: licences, duplicates and sources of the crates; do: cargo install --locked cargo-deny' >&2; fi

fuzz: ## feed random input to the parsers, one minute for each
	$(BUILD) -p nexy-fuzz
	target/debug/nexy-fuzz --seconds 60 --keep target/fuzz

bench: ## measure the figures of docs/measurements.md on this machine (needs curl and openssl)
	$(BUILD) --release --workspace --bins
	target/release/nexy-bench --tools target/release

clean: ## remove what was built; releases and the inbox stay
	cargo clean --target-dir target
