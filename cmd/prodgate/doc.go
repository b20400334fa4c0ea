// Prodgate decides whether an artifact may go to an environment now.
//
// Usage:
//
//	prodgate eval IMAGE [flags]           decide whether an image may be deployed
//	prodgate eval --input FILE|- [flags]  decide on a saved document
//	prodgate request IMAGE [flags]        record what is requested, and show it to approvers
//	prodgate check DECISION [flags]       check that an allow is still valid
//	prodgate when IMAGE|--input FILE      show when the gate opens and what else is needed
//	prodgate collect IMAGE [flags]        collect the facts without a decision
//	prodgate calendar [flags]             show windows, freezes and holidays
//	prodgate metrics [flags]              report deployment metrics from the audit trail
//	prodgate replay [flags]               show which past decisions would change under other policies
//	prodgate policy list|explain|new|test list, explain, create and test checks
//	prodgate scan IMAGE|--sbom FILE       report known vulnerabilities; --report shows another tool's report
//	prodgate db update|status             manage the advisory database
//	prodgate attest TYPE IMAGE [flags]    sign a statement about an image, and attach it
//	prodgate attest verify IMAGE [flags]  verify the statements attached to an image
//	prodgate key new|show                 create a key for signing; show its public half
//	prodgate approve IMAGE [flags]        approve an image for one deployment, with a signature
//	prodgate delegate ROLE|COMMAND       delegate an approver role until a date, with a signature
//	prodgate reject|withdraw IMAGE        reject an image; withdraw an approval
//	prodgate waive CODE IMAGE [flags]     waive a finding until a date, with a signature
//	prodgate waivers [IMAGE]              list waivers, and which of them end soon
//	prodgate audit COMMAND                record, read, verify and export the audit trail
//	prodgate serve CONFIGURATION          keep a trail for the jobs of CI systems, over HTTP
//	prodgate freeze now|lift|list         stop and resume deployments
//	prodgate adopt SERVICE                register a service that already runs
//	prodgate schema input|decision        write the JSON Schemas of the two documents
//	prodgate init [--dir DIR]             create a configuration, evidence files, a policy pack and a workflow
//	prodgate doctor                       show where settings come from and test each source
//	prodgate demo                         show an allow, two denials and a wait, offline
//	prodgate version | completion SHELL
//
// # Exit codes
//
// They are the same for every flag and output format:
//
//	0  allow, and every output is written
//	1  deny: something must be fixed or someone must act
//	2  no decision: usage, configuration, broken input, an error; with eval --attest
//	   also an allow without its attestation
//	3  deny for now: it clears by itself, at the time in opens_at
//
// Commands that make no decision exit with 0 or 2. In addition, policy test exits
// with 1 if a test failed, replay if a decision changes, audit verify if the trail was
// altered, and attest verify if no statement counts. "go run" turns every code except 0
// into 1: use the built binary.
//
// # Where settings come from
//
// A flag overrides a PRODGATE_… variable, which overrides prodgate.yaml (the nearest
// one, up to the root of the repository), which overrides what the CI system
// provides, which overrides the default. An unknown flag, variable or key is an
// error. "prodgate doctor" shows the origin of each setting. Whatever weakens the
// gate or changes its clock (--emergency, --insecure-registry, --at) can only be set
// by a flag. Keys, passphrases and tokens are read from files and variables (PRODGATE_KEY,
// PRODGATE_KEY_PASSPHRASE, PRODGATE_TRAIL_TOKEN), never from flags. Thresholds, roles and windows are settings of the policies, not
// configuration.
//
// # Streams
//
// Results go to standard output, everything else to standard error. -o
// FORMAT[=PATH] is repeatable; files are written before standard output, and exit
// code 0 means that all of them were written.
package main
