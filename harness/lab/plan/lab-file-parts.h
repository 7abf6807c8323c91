/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the halves of the file's reader share. */
#pragma once

#include "lab-yaml.h"

int lab_file_duration(const struct lab_yaml_at *at, nsec_t *ret);

/* A map of sysctls; `host` NULL: of every host. */
int lab_file_settings(const struct lab_yaml_at *at, const char *host);

/* The map of hosts: `data` is the plan. */
int lab_file_hosts(const struct lab_yaml_at *at, void *data);
