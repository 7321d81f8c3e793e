//! Tests of the analyzer.
