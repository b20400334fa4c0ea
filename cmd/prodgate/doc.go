// Prodgate answers one question: may this artifact go to this environment now?
//
// Usage:
//
//	prodgate eval IMAGE [flags]           may it go?
//	prodgate eval --input FILE|- [flags]  the same, on a document that was saved
//	prodgate when IMAGE|--input FILE      when will the gate open, and what is needed besides time
//	prodgate collect IMAGE [flags]        the facts, without deciding
//	prodgate calendar [flags]             windows, freezes and holidays in a range
//	prodgate metrics [flags]              deployment metrics, from the audit trail
//	prodgate replay [flags]               which past decisions other policies would have flipped
//	prodgate policy list|explain|new|test what is checked, and how to add to it
//	prodgate scan IMAGE|--sbom FILE        known vulnerabilities by trivy-db; --report shows what others found
//	prodgate db update|status             the database of advisories
//	prodgate audit COMMAND                the trail: record, dismiss, log, show, verify, export, prune
//	prodgate freeze now|lift|list         stop deployments now, and let them go on
//	prodgate adopt SERVICE                take over a service that runs already
//	prodgate schema input|decision        the JSON Schemas of the two documents
//	prodgate init [--dir DIR]             write a configuration, sources, a policy pack and a workflow
//	prodgate doctor                       show each setting's origin and try each source
//	prodgate demo                         see an allow, two denials and a wait, offline
//	prodgate version | completion SHELL
//
// # Exit codes
//
// They are the same for every flag and output format:
//
//	0  allow, and every output is written
//	1  deny: something must be fixed or someone must act
//	2  no decision: usage, configuration, broken input, an error
//	3  deny for now: time alone opens the gate, opens_at says when
//
// Commands that do not decide end with 0 or 2; policy test ends with 1 where a
// test failed, replay where a decision flips, audit verify where the trail was
// altered. "go run" turns every code but 0 into 1: judge by the built binary.
//
// # Where settings come from
//
// Flag, then PRODGATE_… variable, then prodgate.yaml (the nearest upwards, up to
// the repository's root), then what the CI system says, then the default. An
// unknown flag, variable or key is an error. "prodgate doctor" shows which one
// spoke. What loosens the gate or moves its clock (--emergency, --insecure-registry, --at) is a flag
// and nothing else. Thresholds, roles and windows are no configuration: they
// are settings of the policies.
//
// # Streams
//
// Results go to standard output, everything else to standard error. -o
// FORMAT[=PATH] can be given several times; files are written before standard
// output is, and exit code 0 means that all of them were.
package main
