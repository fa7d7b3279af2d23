//! Integration
