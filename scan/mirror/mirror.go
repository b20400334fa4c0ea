// Package mirror brings the advisory database from the registries that mirror it
// into a folder, and keeps it whole there: a transfer that breaks off is taken
// up again, bytes count only with the right digest, and readers see the old pair
// of files or the new one, whenever an update ends and however.
//
// What is in the database is package advisories' to read.
package mirror

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/google/go-containerregistry/pkg/authn"

	"github.com/prodgate/prodgate/registry"
	"github.com/prodgate/prodgate/scan/advisories"
)

// Repositories are where Trivy's database is published, in the order in which
// they are asked. The tag is the schema's version.
func Repositories() []string {
	return []string{"mirror.gcr.io/aquasec/trivy-db:2", "ghcr.io/aquasecurity/trivy-db:2"}
}

// layerType is the media type of the one layer that holds the database.
const layerType = "application/vnd.aquasec.trivy.db.layer.v1.tar+gzip"

// Options say where from and where to. Dir is needed.
type Options struct {
	Dir          string   // made if it is missing
	Repositories []string // tried in that order; none: Repositories()
	Force        bool     // fetch what is already there, and take an older database for a newer one

	Insecure  bool              // plain HTTP beyond loopback
	Keychain  authn.Keychain    // nil: the docker configuration's
	Transport http.RoundTripper // nil: http.DefaultTransport

	// Progress receives the progress of a transfer, in bytes, from one goroutine.
	// Nil: not reported.
	Progress func(repository string, done, total int64)

	Now func() time.Time // nil: time.Now
}

// Result describes the folder after an update.
type Result struct {
	State
	Fetched bool // false: it was there already
}

// Update brings the newest database into options.Dir. The error joins what went
// wrong with each repository; what was in the folder before is then untouched.
func Update(ctx context.Context, options Options) (Result, error) {
	if options.Now == nil {
		options.Now = time.Now
	}
	if len(options.Repositories) == 0 {
		options.Repositories = Repositories()
	}
	store, err := openStore(options.Dir)
	if err != nil {
		return Result{}, fmt.Errorf("update the advisory database in %s: %w", options.Dir, err)
	}
	var failed []error
	for _, repository := range options.Repositories {
		result, err := options.from(ctx, store, repository)
		if err == nil {
			return result, nil
		}
		failed = append(failed, fmt.Errorf("from %s: %w", repository, err))
		if ctx.Err() != nil {
			break
		}
	}
	return Result{}, fmt.Errorf("update the advisory database in %s: %w", options.Dir, errors.Join(failed...))
}

// from updates from one repository.
func (o Options) from(ctx context.Context, store store, repository string) (Result, error) {
	ref, err := registry.Parse(tagged(repository), registry.Options{Insecure: o.Insecure, Keychain: o.Keychain, Transport: o.Transport})
	if err != nil {
		return Result{}, err
	}
	identifier := ref.Digest
	if identifier == "" {
		identifier = ref.Tag
	}
	manifest, err := manifestOf(ctx, ref, identifier)
	if err != nil {
		return Result{}, err
	}
	layer, err := databaseLayer(manifest)
	if err != nil {
		return Result{}, err
	}
	here, broken := ReadState(o.Dir)
	if broken == nil && here.Digest == layer.Digest && !o.Force {
		return Result{State: here}, nil
	}
	transfer := transfer{ref: ref, layer: layer, progress: func(done int64) {
		if o.Progress != nil {
			o.Progress(repository, done, layer.Size)
		}
	}}
	packed, err := store.fetch(ctx, transfer)
	if err != nil {
		return Result{}, err
	}
	defer packed.close()
	version, err := store.unpack(ctx, packed, origin{Repository: ref.Repository, Digest: layer.Digest}, o.Now())
	if err != nil {
		if disk := (*fs.PathError)(nil); !errors.As(err, &disk) && ctx.Err() == nil {
			packed.remove() // it is whole, and no database
		}
		return Result{}, err
	}
	fresh, err := ReadState(version)
	if err != nil {
		err = fmt.Errorf("the fetched database is not valid: %w", err)
	}
	if err == nil && broken == nil && !o.Force && fresh.UpdatedAt.Before(here.UpdatedAt) {
		err = fmt.Errorf("its database is of %s, older than the one of %s that is here; use --force to install it", fresh.UpdatedAt.Format(time.RFC3339), here.UpdatedAt.Format(time.RFC3339))
	}
	if err != nil {
		packed.remove()
		return Result{}, errors.Join(err, store.drop(version))
	}
	if err := store.swap(version, o.Now()); err != nil {
		return Result{}, err
	}
	packed.remove()
	fresh.Dir = o.Dir
	return Result{State: fresh, Fetched: true}, nil
}

// maxWait is how long a registry may take to show a manifest.
const maxWait = time.Minute

func manifestOf(ctx context.Context, ref registry.Reference, identifier string) (registry.Attachment, error) {
	ctx, cancel := context.WithTimeout(ctx, maxWait)
	defer cancel()
	return ref.Attachment(ctx, identifier)
}

// tagged is repository with the tag of the schema that is read, unless it names
// another or is not in a registry.
func tagged(repository string) string {
	last := repository[strings.LastIndexByte(repository, '/')+1:]
	if strings.HasPrefix(repository, "oci:") || strings.HasPrefix(repository, "tarball:") || strings.ContainsAny(last, ":@") {
		return repository
	}
	return fmt.Sprintf("%s:%d", repository, advisories.SchemaVersion)
}

// databaseLayer is the layer that holds the database.
func databaseLayer(manifest registry.Attachment) (registry.Blob, error) {
	if len(manifest.Blobs) != 1 || manifest.Blobs[0].MediaType != layerType {
		var types []string
		for _, b := range manifest.Blobs {
			types = append(types, fmt.Sprintf("%q", b.MediaType))
		}
		slices.Sort(types)
		return registry.Blob{}, fmt.Errorf("not an advisory database: it must have one layer of the media type %s, and has [%s]", layerType, strings.Join(types, " "))
	}
	layer := manifest.Blobs[0]
	if layer.Size <= 0 || layer.Size > maxPacked {
		return registry.Blob{}, fmt.Errorf("the database is said to have %d bytes, and 1 to %d are read", layer.Size, int64(maxPacked))
	}
	return layer, nil
}
