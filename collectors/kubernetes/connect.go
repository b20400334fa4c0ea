package kubernetes

import (
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"strings"

	"github.com/prodgate/prodgate/internal/web"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
)

// maxBytes bounds one page of a list: 500 pods with long environments.
const maxBytes = 64 << 20

// connect prepares to call the API server. Nothing is sent, but a credential helper that
// the kubeconfig names may run with the first request.
func (c Collector) connect() (api *web.Server, namespace string, err error) {
	config := clientcmd.NewNonInteractiveDeferredLoadingClientConfig(c.kubeconfig(), &clientcmd.ConfigOverrides{CurrentContext: c.Settings.Context})
	to, err := config.ClientConfig()
	if err != nil {
		return nil, "", fmt.Errorf("read the kubeconfig: %w", unreadable(err))
	}
	if namespace = c.Settings.Namespace; namespace == "" {
		if namespace, _, err = config.Namespace(); err != nil {
			return nil, "", fmt.Errorf("read the kubeconfig: %w", err)
		}
	}
	if to.Insecure {
		return nil, "", errors.New("the kubeconfig does not verify the certificate of the API server (insecure-skip-tls-verify): name its certificate-authority")
	}
	transport, err := rest.TransportFor(to)
	if err != nil {
		return nil, "", fmt.Errorf("use the kubeconfig: %w", err)
	}
	base, err := address(to)
	if err != nil {
		return nil, "", err
	}
	api, err = web.New(web.Options{Base: base, Transport: transport, Clock: c.Now, Carrier: c.Carrier, MaxBytes: maxBytes, Secrets: secrets(to)})
	if err != nil {
		return nil, "", fmt.Errorf("use the API server: %w", err)
	}
	return api, namespace, nil
}

// kubeconfig are the files to read, as kubectl finds them.
func (c Collector) kubeconfig() *clientcmd.ClientConfigLoadingRules {
	rules := &clientcmd.ClientConfigLoadingRules{ExplicitPath: c.Settings.Kubeconfig}
	if files := filepath.SplitList(c.Getenv(clientcmd.RecommendedConfigPathEnvVar)); len(files) > 0 {
		rules.Precedence = files
	} else if home := c.Getenv("HOME"); home != "" {
		rules.Precedence = []string{filepath.Join(home, clientcmd.RecommendedHomeDir, clientcmd.RecommendedFileName)}
	}
	return rules
}

// address is the URL of the API server.
func address(to *rest.Config) (string, error) {
	base, _, err := rest.DefaultServerUrlFor(to)
	if err != nil {
		return "", fmt.Errorf("use the API server: %w", err)
	}
	return strings.TrimSuffix((&url.URL{Scheme: base.Scheme, Host: base.Host, Path: base.Path}).String(), "/"), nil
}

// secrets are what no error may contain.
func secrets(of *rest.Config) (list []string) {
	for _, secret := range []string{of.BearerToken, of.Password} {
		if secret != "" {
			list = append(list, secret)
		}
	}
	return list
}

// unreadable says what to do if there is no kubeconfig.
func unreadable(err error) error {
	if clientcmd.IsEmptyConfig(err) || errors.Is(err, rest.ErrNotInCluster) {
		return fmt.Errorf("%w; set kubeconfig and context, or KUBECONFIG", err)
	}
	return err
}
