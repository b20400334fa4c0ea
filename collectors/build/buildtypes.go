package build

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/prodgate/prodgate/internal/strict"
)

// buildType is a form of provenance: where a builder records what it built.
// docs/provenance.md describes each for users.
type buildType struct {
	uri     string // as in the record; "*" matches any version
	version string // of the provenance: v0.2 or v1
	source  func(predicate strict.Value) (source, error)
}

// ownType is for builders that no other build type is for.
const ownType = "https://github.com/prodgate/prodgate/blob/main/docs/provenance.md"

// buildTypes are all that are known. GoReleaser writes none of its own: its
// releases are attested by GitHub's action or by slsa-github-generator.
var buildTypes = []buildType{
	{"https://actions.github.io/buildtypes/workflow/v1", "v1", githubWorkflow},
	{"https://slsa-framework.github.io/github-actions-buildtypes/workflow/v1", "v1", githubWorkflow},
	{"https://github.com/actions/buildtypes/workflow/v1", "v1", githubWorkflow},

	{"https://github.com/slsa-framework/slsa-github-generator/container@v1", "v0.2", githubGenerator},
	{"https://github.com/slsa-framework/slsa-github-generator/generic@v1", "v0.2", githubGenerator},
	{"https://github.com/slsa-framework/slsa-github-generator/go@v1", "v0.2", githubGenerator},
	{"https://github.com/slsa-framework/slsa-github-generator-go@v1", "v0.2", githubGenerator},
	{"https://github.com/slsa-framework/slsa-github-generator@v1", "v0.2", githubGenerator},
	{"https://github.com/slsa-framework/slsa-github-generator/delegator-generic@v0", "v0.2", githubGenerator},
	{"https://github.com/slsa-framework/slsa-github-generator/delegator-generic@v0", "v1", githubDelegator},
	{"https://slsa.dev/container-based-build/v0.1?draft", "v1", namedSource},

	{"https://mobyproject.org/buildkit@v1", "v0.2", buildKitV02},
	{"https://github.com/moby/buildkit/blob/master/docs/attestations/slsa-definitions.md", "v1", buildKitV1},

	{"tekton.dev/v1beta1/TaskRun", "v0.2", tektonV02},
	{"tekton.dev/v1beta1/PipelineRun", "v0.2", tektonV02},
	{"tekton.dev/v1/TaskRun", "v0.2", tektonV02},
	{"tekton.dev/v1/PipelineRun", "v0.2", tektonV02},
	{"https://tekton.dev/attestations/chains@v2", "v0.2", tektonV02},
	{"https://tekton.dev/attestations/chains/pipelinerun@v2", "v0.2", tektonV02},
	{"https://tekton.dev/chains/v2/slsa", "v1", tektonV1},
	{"https://tekton.dev/chains/v2/slsa-tekton", "v1", tektonV1},
	{"https://tekton.dev/predicate/chains/slsa/v2", "v1", tektonV1},

	{"https://cloudbuild.googleapis.com/CloudBuildYaml@*", "v0.2", cloudBuildV02},
	{"https://cloudbuild.googleapis.com/CloudBuildSteps@*", "v0.2", cloudBuildV02},
	{"https://cloud.google.com/build/gcb-buildtypes/google-worker/v1", "v1", cloudBuildV1},

	{"https://gitlab.com/gitlab-org/gitlab-runner/-/blob/*/PROVENANCE.md", "v0.2", gitLabV02},
	{"https://gitlab.com/gitlab-org/gitlab-runner/-/blob/*/PROVENANCE.md", "v1", gitLabV1},
	{"https://docs.gitlab.com/ci/pipeline_security/slsa/provenance_v1", "v1", gitLabV1},

	{ownType, "v1", namedSource},
}

// sourceOf is what was built, as the build type named kind records it. A record
// of another type, or one that is silent, is an error: the commits of a record
// may be those of dependencies, of a pipeline or of a builder.
func sourceOf(kind, version string, predicate strict.Value) (source, error) {
	for _, t := range buildTypes {
		if t.version != version || !t.is(kind) {
			continue
		}
		s, err := t.source(predicate)
		if err != nil {
			return source{}, fmt.Errorf("build type %q (provenance %s): %w; docs/provenance.md says which field is read", kind, version, err)
		}
		return s, nil
	}
	return source{}, fmt.Errorf("build type %q (provenance %s) is not known, so the built commit cannot be distinguished from other commits in the record; "+
		"use a builder of docs/provenance.md, or attest the source with build type %s", kind, version, ownType)
}

// is reports whether kind names t.
func (t buildType) is(kind string) bool {
	before, after, any := strings.Cut(t.uri, "*")
	if !any {
		return strings.TrimSuffix(kind, "/") == t.uri
	}
	return len(kind) > len(before)+len(after) && strings.HasPrefix(kind, before) && strings.HasSuffix(kind, after)
}

// githubWorkflow reads what actions/attest-build-provenance writes. The source
// is the workflow's repository at its ref; its commit is that dependency's.
func githubWorkflow(p strict.Value) (source, error) {
	definition := p.Get("buildDefinition")
	workflow := definition.Get("externalParameters").Get("workflow")
	all, err := descriptors(definition.Get("resolvedDependencies"))
	if err != nil {
		return source{}, err
	}
	return agreed(at(all, workflow.Get("repository").Text(), workflow.Get("ref").Text()))
}

// at are those of list that are commits of repository at ref.
func at(list []descriptor, repository, ref string) []descriptor {
	return slices.DeleteFunc(gitOnly(list), func(d descriptor) bool {
		_, at := splitAddress(d.URI)
		return ref == "" || at != ref || !sameRepository(d.URI, repository)
	})
}

// githubGenerator reads what slsa-github-generator writes as v0.2. The source is
// that of the calling workflow, in configSource; it is the first material, too.
func githubGenerator(p strict.Value) (source, error) {
	invocation := p.Get("invocation")
	var config descriptor
	if err := invocation.Get("configSource").Decode(&config); err != nil {
		return source{}, err
	}
	s, err := config.source()
	if err != nil {
		return source{}, err
	}
	all, err := descriptors(p.Get("materials"))
	if err != nil {
		return source{}, err
	}
	if _, err := agreed(append(sameAddress(all, config.URI), config)); err != nil {
		return source{}, err
	}
	return s.confirm(invocation.Get("environment").Get("github_sha1").Text())
}

// sameAddress are those of list that have the address uri.
func sameAddress(list []descriptor, uri string) []descriptor {
	return slices.DeleteFunc(gitOnly(list), func(d descriptor) bool { return uri == "" || d.URI != uri })
}

// githubDelegator reads what builders on slsa-github-generator's framework write
// as v1. The source is the first dependency.
func githubDelegator(p strict.Value) (source, error) {
	definition := p.Get("buildDefinition")
	all, err := descriptors(definition.Get("resolvedDependencies"))
	if err != nil {
		return source{}, err
	}
	if len(all) == 0 || !all[0].isGit() {
		return source{}, errSilent
	}
	if named := definition.Get("externalParameters").Get("workflow").Get("repository").Text(); named != "" && !sameRepository(named, all[0].URI) {
		return source{}, fmt.Errorf("the first dependency is %q, and the workflow that was built is of %q", all[0].URI, named)
	}
	return agreed(sameAddress(all, all[0].URI))
}

// namedSource reads the parameter "source", a git repository and its commit.
func namedSource(p strict.Value) (source, error) {
	definition := p.Get("buildDefinition")
	var named descriptor
	if err := definition.Get("externalParameters").Get("source").Decode(&named); err != nil {
		return source{}, err
	}
	all, err := descriptors(definition.Get("resolvedDependencies"))
	if err != nil {
		return source{}, err
	}
	return agreed(append([]descriptor{named}, sameAddress(all, named.URI)...))
}

// buildKitV02 reads what BuildKit writes by default.
func buildKitV02(p strict.Value) (source, error) {
	vcs := p.Get("metadata").Get("https://mobyproject.org/buildkit@v1#metadata").Get("vcs")
	return buildKit(p.Get("invocation").Get("configSource"), p.Get("materials"), vcs)
}

// buildKitV1 reads what BuildKit writes with version=v1.
func buildKitV1(p strict.Value) (source, error) {
	definition := p.Get("buildDefinition")
	vcs := p.Get("runDetails").Get("metadata").Get("buildkit_metadata").Get("vcs")
	return buildKit(definition.Get("externalParameters").Get("configSource"), definition.Get("resolvedDependencies"), vcs)
}

// buildKit is the git repository that was the build context; for a context on
// disk, what the client said of it. Dependencies are also what ADD fetched.
func buildKit(context, dependencies, vcs strict.Value) (source, error) {
	var config descriptor
	if err := context.Decode(&config); err != nil {
		return source{}, err
	}
	revision := vcs.Get("revision").Text()
	if config.URI == "" {
		if revision == "" {
			return source{}, fmt.Errorf("%w: the context was a local directory without git metadata; build from a git context, or with buildx inside the checkout (vcs.revision)", errSilent)
		}
		repository, _ := splitAddress(vcs.Get("source").Text())
		return newSource(revision, repository)
	}
	all, err := descriptors(dependencies)
	if err != nil {
		return source{}, err
	}
	named := sameAddress(all, config.URI)
	if len(config.Digest) > 0 || len(named) == 0 {
		named = append(named, config)
	}
	s, err := agreed(named)
	if err != nil {
		return source{}, err
	}
	return s.confirm(revision)
}

// The parameters and results by which a Tekton task says what the source is.
const (
	hintURL    = "CHAINS-GIT_URL"
	hintCommit = "CHAINS-GIT_COMMIT"
)

const tektonCure = "declare CHAINS-GIT_URL and CHAINS-GIT_COMMIT as parameters or results of the build"

// tektonV02 reads what Tekton Chains writes as slsa/v1 and in-toto. What is
// hinted is the source; without hints, the material that is neither an image nor
// where a pipeline or task comes from.
func tektonV02(p strict.Value) (source, error) {
	var runs []strict.Value
	if err := p.Get("buildConfig").Get("tasks").Decode(&runs); err != nil {
		return source{}, err
	}
	runs = append(runs, p)
	var hinted []source
	var definitions []descriptor
	for _, run := range runs {
		var results []strict.Value
		if err := run.Get("results").Decode(&results); err != nil {
			return source{}, err
		}
		parameters, values := run.Get("invocation").Get("parameters"), byName(results)
		for _, get := range []func(string) string{
			func(name string) string { return parameters.Get(name).Text() },
			func(name string) string { return values[name].Get("value").Text() },
		} {
			s, ok, err := hint(get(hintURL), get(hintCommit))
			if err != nil {
				return source{}, err
			}
			if ok {
				hinted = append(hinted, s)
			}
		}
		var definition descriptor
		if err := run.Get("invocation").Get("configSource").Decode(&definition); err != nil {
			return source{}, err
		}
		definitions = append(definitions, definition)
	}
	if len(hinted) > 0 {
		return agree(hinted)
	}
	all, err := descriptors(p.Get("materials"))
	if err != nil {
		return source{}, err
	}
	inputs := slices.DeleteFunc(gitOnly(all), func(d descriptor) bool {
		return slices.ContainsFunc(definitions, func(of descriptor) bool {
			return sameRepository(of.URI, d.URI) && strings.EqualFold(of.Digest["sha1"], d.Digest["sha1"])
		})
	})
	return tekton(agreed(inputs))
}

// tekton adds to err what to do.
func tekton(s source, err error) (source, error) {
	if err != nil {
		err = fmt.Errorf("%w; %s", err, tektonCure)
	}
	return s, err
}

// byName are the values of list by their names.
func byName(list []strict.Value) map[string]strict.Value {
	by := make(map[string]strict.Value, len(list))
	for _, v := range list {
		by[v.Get("name").Text()] = v
	}
	return by
}

// hint is the source that a parameter or result names; false if none does.
func hint(url, commit string) (source, bool, error) {
	if commit = strings.TrimSpace(commit); commit == "" {
		return source{}, false, nil
	}
	repository, _ := splitAddress(strings.TrimSpace(url))
	s, err := newSource(commit, repository)
	if err != nil {
		err = fmt.Errorf("%s: %w", hintCommit, err)
	}
	return s, err == nil, err
}

// tektonV1 reads what Tekton Chains writes as slsa/v2alpha3 and slsa/v2alpha4.
// The source is what the run's parameters or results hint at, else the
// dependency that is named as an input.
func tektonV1(p strict.Value) (source, error) {
	definition := p.Get("buildDefinition")
	all, err := descriptors(definition.Get("resolvedDependencies"))
	if err != nil {
		return source{}, err
	}
	inputs := slices.DeleteFunc(gitOnly(all), func(d descriptor) bool {
		return !slices.Contains([]string{"inputs/result", "inputs/results", "input/result", "input/results"}, d.Name)
	})
	var parameters []strict.Value
	if err := definition.Get("externalParameters").Get("runSpec").Get("params").Decode(&parameters); err != nil {
		return source{}, err
	}
	values := byName(parameters)
	hinted, err := byProducts(p.Get("runDetails"))
	if err != nil {
		return source{}, err
	}
	s, ok, err := hint(values[hintURL].Get("value").Text(), values[hintCommit].Get("value").Text())
	switch {
	case err != nil:
		return source{}, err
	case ok:
		hinted = append(hinted, s)
	case len(hinted) == 0:
		return tekton(agreed(inputs))
	}
	for _, d := range inputs {
		if !sameRepository(d.URI, hinted[0].repository) {
			continue // another input
		}
		s, err := d.source()
		if err != nil {
			return source{}, err
		}
		hinted = append(hinted, s)
	}
	return agree(hinted)
}

// byProducts are the sources that results of tasks and pipelines name, such as
// taskRunResults/CHAINS-GIT_COMMIT, whose content is base64 of JSON.
func byProducts(run strict.Value) ([]source, error) {
	var list []strict.Value
	for _, key := range []string{"byproducts", "byProducts"} { // the specification's spelling, and Tekton's
		if err := run.Get(key).Decode(&list); err != nil {
			return nil, err
		}
		if len(list) > 0 {
			break
		}
	}
	by := byName(list)
	var hinted []source
	for _, v := range list {
		of, ok := strings.CutSuffix(v.Get("name").Text(), "/"+hintCommit)
		if !ok {
			continue
		}
		s, ok, err := hint(content(by[of+"/"+hintURL]), content(v))
		if err != nil {
			return nil, err
		}
		if ok {
			hinted = append(hinted, s)
		}
	}
	return hinted, nil
}

// content is the text that a by-product holds, or "".
func content(v strict.Value) string {
	raw, err := base64.StdEncoding.DecodeString(v.Get("content").Text())
	var text string
	if err != nil || json.Unmarshal(raw, &text) != nil {
		return ""
	}
	return strings.TrimSpace(text)
}

// cloudBuildV02 reads what Cloud Build writes as v0.2. COMMIT_SHA is the commit
// that it built. Without it the source is the repository of the build's
// configuration, if nothing else was fetched from git.
func cloudBuildV02(p strict.Value) (source, error) {
	invocation := p.Get("invocation")
	var config descriptor
	if err := invocation.Get("configSource").Decode(&config); err != nil {
		return source{}, err
	}
	all, err := descriptors(p.Get("materials"))
	if err != nil {
		return source{}, err
	}
	inputs := gitOnly(append(all, config))
	if hash := invocation.Get("parameters").Get("substitutions").Get("COMMIT_SHA").Text(); hash != "" {
		return agreed(withCommit(inputs, hash))
	}
	if !config.isGit() {
		return source{}, errSilent
	}
	return agreed(inputs)
}

// withCommit are those of list whose commit is hash.
func withCommit(list []descriptor, hash string) []descriptor {
	return slices.DeleteFunc(gitOnly(list), func(d descriptor) bool {
		s, err := d.source()
		return err != nil || !strings.EqualFold(s.commit, hash)
	})
}

// cloudBuildV1 reads what Cloud Build writes as v1. The source is the dependency
// at sourceToBuild; without it, at buildConfigSource; for a configuration that is
// inline, the one at COMMIT_SHA. COMMIT_SHA must be its commit.
func cloudBuildV1(p strict.Value) (source, error) {
	definition := p.Get("buildDefinition")
	parameters := definition.Get("externalParameters")
	hash := definition.Get("internalParameters").Get("systemSubstitutions").Get("COMMIT_SHA").Text()
	all, err := descriptors(definition.Get("resolvedDependencies"))
	if err != nil {
		return source{}, err
	}
	of := parameters.Get("sourceToBuild")
	if of.Get("repository").Text() == "" {
		of = parameters.Get("buildConfigSource")
	}
	repository, ref := of.Get("repository").Text(), of.Get("ref").Text()
	if repository == "" {
		if hash == "" {
			return source{}, fmt.Errorf("%w: it was not built from a repository; build by a trigger", errSilent)
		}
		return agreed(withCommit(all, hash))
	}
	s, err := agreed(at(all, repository, ref))
	if err != nil {
		return source{}, err
	}
	return s.confirm(hash)
}

// gitLabV02 reads what GitLab's runners wrote before 16.7. The source is
// configSource.
func gitLabV02(p strict.Value) (source, error) {
	invocation := p.Get("invocation")
	var config descriptor
	if err := invocation.Get("configSource").Decode(&config); err != nil {
		return source{}, err
	}
	return gitLab([]descriptor{config}, config.URI, invocation.Get("parameters"))
}

// gitLabV1 reads what GitLab and its runners write. The source is the dependency
// with the project's address.
func gitLabV1(p strict.Value) (source, error) {
	definition := p.Get("buildDefinition")
	parameters := definition.Get("externalParameters")
	all, err := descriptors(definition.Get("resolvedDependencies"))
	if err != nil {
		return source{}, err
	}
	return gitLab(all, parameters.Get("source").Text(), parameters.Get("variables"))
}

// gitLab is the project's commit, one of inputs. Runners write it as a digest
// called sha256, whatever it is.
func gitLab(inputs []descriptor, project string, variables strict.Value) (source, error) {
	repository, _ := splitAddress(project)
	var named []source
	for _, d := range inputs {
		if !sameRepository(d.URI, project) {
			continue
		}
		for _, algorithm := range []string{"gitCommit", "sha1", "sha256"} {
			if d.Digest[algorithm] == "" {
				continue
			}
			s, err := newSource(d.Digest[algorithm], repository)
			if err != nil {
				return source{}, err
			}
			named = append(named, s)
		}
	}
	s, err := agree(named)
	if err != nil {
		return source{}, err
	}
	hash := variables.Get("CI_COMMIT_SHA").Text()
	if strings.HasPrefix(hash, "[") { // [MASKED]
		hash = ""
	}
	return s.confirm(hash)
}
