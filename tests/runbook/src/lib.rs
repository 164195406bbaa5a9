//! Whole releases through all five tools, and the Makefile held against the runbook.
