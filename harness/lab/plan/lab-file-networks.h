/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The keys of a lab's file about networks, for the tables of lab-file.c. */
#pragma once

#include "lab-yaml.h"

/* The keys of a network, and of a host's interface. */
extern const struct lab_yaml_field lab_file_network_fields[];
extern const size_t lab_file_network_fields_n;
extern const struct lab_yaml_field lab_file_interface_fields[];
extern const size_t lab_file_interface_fields_n;

/* `networks` of the file; `data` is the plan. */
int lab_file_read_networks(const struct lab_yaml_node *node, void *data);

/* `networks`, `addresses`, `mtu` and `routes` of a host; `data` is the host, of
 * `mtu` the number. */
int lab_file_read_interfaces(const struct lab_yaml_node *node, void *data);
int lab_file_read_addresses(const struct lab_yaml_node *node, void *data);
int lab_file_read_mtu(const struct lab_yaml_node *node, void *data);
int lab_file_read_routes(const struct lab_yaml_node *node, void *data);
