{{- define "ramet.name" -}}
{{- if contains "ramet" .Release.Name -}}{{ .Release.Name | trunc 52 | trimSuffix "-" }}{{- else -}}{{ printf "%s-ramet" .Release.Name | trunc 52 | trimSuffix "-" }}{{- end -}}
{{- end -}}

{{- define "ramet.selector" -}}
app.kubernetes.io/name: ramet
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "ramet.labels" -}}
{{ include "ramet.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end -}}

{{- /* Of what belongs to no namespace; no namespace has a dot in its name. */ -}}
{{- define "ramet.clusterName" -}}
{{ printf "%s.%s" .Release.Namespace (include "ramet.name" .) }}
{{- end -}}

{{- define "ramet.passwordSecret" -}}
{{- dig "passwordSecret" "name" "" (merge (dict) .Values.store) -}}
{{- end -}}

{{- define "ramet.claim" -}}
{{- .Values.persistence.existingClaim | default (include "ramet.name" .) -}}
{{- end -}}

{{- define "ramet.host" -}}
{{- .Values.ingress.host | default (regexReplaceAll ":[0-9]+$" (urlParse .Values.publicUrl).host "") -}}
{{- end -}}

{{- /* What no schema can say. */ -}}
{{- define "ramet.check" -}}
{{- if and (gt (int .Values.replicas) 1) (not .Values.store.url) -}}
{{- fail "replicas: several servers need a database that they share: set store.url and store.passwordSecret.name, or replicas: 1" -}}
{{- end -}}
{{- if and (include "ramet.passwordSecret" .) (not .Values.store.url) -}}
{{- fail "store.passwordSecret: it belongs to store.url, which is empty" -}}
{{- end -}}
{{- if regexMatch "://[^/@]*:[^/@]*@|[?&]password=" .Values.store.url -}}
{{- fail "store.url: a password does not belong there, where everybody who may look at pods can read it: keep it in a Secret, and name that in store.passwordSecret.name" -}}
{{- end -}}
{{- if and .Values.ingress.enabled (not (include "ramet.host" .)) -}}
{{- fail "ingress: set publicUrl, or ingress.host" -}}
{{- end -}}
{{- if and .Values.serviceMonitor.enabled (not .Values.serviceMonitor.tokenSecret.name) -}}
{{- fail "serviceMonitor: metrics are read with a token; name the Secret that has it in serviceMonitor.tokenSecret.name" -}}
{{- end -}}
{{- end -}}
