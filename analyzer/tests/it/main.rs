//! Tests of the analyzer, all through its public functions: they must survive a rewrite of what they test.

mod atomicity;
mod corpus;
mod docs;
mod fixes;
mod fixtures;
mod hostile;
mod incremental;
mod knowledge;
mod locks;
mod messages;
mod names;
mod programs;
mod target;
