/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Networks are read before the hosts, so that an unknown network of a host is
 * an error at once. Routes name hosts that may come later: lab_network_check()
 * looks them up.
 */
#include "lab-file-networks.h"

#include "lab-network.h"
#include "lab-value.h"

int lab_file_read_mtu(const struct lab_yaml_node *node, void *data)
{
	const char *text;
	int r = lab_yaml_text(node, "MTU such as 1400", &text);

	if (r < 0)
		return error_trace(r);
	return lab_yaml_trace(node, lab_value_mtu(text, data));
}

/* --- networks of the file ------------------------------------------------*/

const struct lab_yaml_field lab_file_network_fields[] = {
	{ "mtu", lab_file_read_mtu, offsetof(struct lab_network, mtu) },
};
const size_t lab_file_network_fields_n = ARRAY_SIZE(lab_file_network_fields);

static int read_network(const struct lab_yaml_node *node, void *data)
{
	struct lab_place place = lab_yaml_place(node);
	struct lab_network *network;
	const char *name;
	int r = lab_yaml_text(node, "name of a network", &name);

	if (r < 0)
		return error_trace(r);
	return error_trace(lab_network_add(data, name, &place, &network));
}

/* NAME: {mtu: ...}, or NAME: without keys. */
static int read_network_keys(const struct lab_yaml_node *key,
			     const struct lab_yaml_node *node, void *data)
{
	struct lab_place place = lab_yaml_place(key);
	struct lab_network *network;
	int r = lab_network_add(data, lab_yaml_key_text(key), &place, &network);

	if (r < 0 || lab_yaml_is_empty(node))
		return error_trace(r);
	return lab_yaml_read_map(node, "network", lab_file_network_fields,
				 lab_file_network_fields_n, network);
}

int lab_file_read_networks(const struct lab_yaml_node *node, void *data)
{
	struct lab_plan *plan = data;

	plan->named_networks = true;
	if (!lab_yaml_is_map(node))
		return lab_yaml_each(node, read_network, plan);
	return lab_yaml_each_pair(node, "map of networks", read_network_keys,
				  plan);
}

/* --- networks of a host --------------------------------------------------*/

/* The name of a network. */
static int read_interface(const struct lab_yaml_node *node, void *data)
{
	struct lab_place place = lab_yaml_place(node);
	struct lab_interface *interface;
	const char *name;
	int r = lab_yaml_text(node,
			      "name of a network, list of names, or map "
			      "of names and addresses",
			      &name);

	if (r < 0)
		return error_trace(r);
	return error_trace(lab_network_join(node->yaml->plan, data, name,
					    &place, &interface));
}

static int read_address(const struct lab_yaml_node *node, void *data)
{
	struct lab_interface *interface = data;
	const char *address;
	int r = lab_yaml_text(node, "address, or map of 'address' and 'mtu'",
			      &address);

	if (r < 0)
		return error_trace(r);
	return lab_yaml_trace(
		node, lab_network_number(node->yaml->plan, interface->network,
					 address, &interface->number));
}

const struct lab_yaml_field lab_file_interface_fields[] = {
	{ "address", read_address, 0 },
	{ "mtu", lab_file_read_mtu, offsetof(struct lab_interface, mtu) },
};
const size_t lab_file_interface_fields_n =
	ARRAY_SIZE(lab_file_interface_fields);

/* NETWORK: ADDRESS, NETWORK: {address: ..., mtu: ...}, or NETWORK: alone. */
static int read_addressed_interface(const struct lab_yaml_node *key,
				    const struct lab_yaml_node *node,
				    void *data)
{
	struct lab_place place = lab_yaml_place(key);
	struct lab_interface *interface;
	int r = lab_network_join(node->yaml->plan, data, lab_yaml_key_text(key),
				 &place, &interface);

	if (r < 0 || lab_yaml_is_empty(node))
		return error_trace(r);
	if (!lab_yaml_is_map(node))
		return read_address(node, interface);
	return lab_yaml_read_map(node, "interface", lab_file_interface_fields,
				 lab_file_interface_fields_n, interface);
}

int lab_file_read_interfaces(const struct lab_yaml_node *node, void *data)
{
	if (!lab_yaml_is_map(node))
		return lab_yaml_each(node, read_interface, data);
	return lab_yaml_each_pair(node, "map of networks",
				  read_addressed_interface, data);
}

/* --- further addresses ---------------------------------------------------*/

static int read_further(const struct lab_yaml_node *node, void *data)
{
	const struct lab_host *host = data;
	struct lab_place place = lab_yaml_place(node);
	const char *name;
	int r = lab_yaml_text(node,
			      "name of an address, list of names, or map "
			      "of names and addresses",
			      &name);

	if (r < 0)
		return error_trace(r);
	return error_trace(lab_plan_add_address(node->yaml->plan, host->name,
						name, NULL, &place));
}

/* NAME: ADDRESS, or NAME: without an address. */
static int read_named_further(const struct lab_yaml_node *key,
			      const struct lab_yaml_node *node, void *data)
{
	const struct lab_host *host = data;
	struct lab_place place = lab_yaml_place(key);
	const char *text = NULL;
	int r = 0;

	if (!lab_yaml_is_empty(node))
		r = lab_yaml_text(node, "address", &text);
	if (r < 0)
		return error_trace(r);
	return error_trace(lab_plan_add_address(node->yaml->plan, host->name,
						lab_yaml_key_text(key), text,
						&place));
}

int lab_file_read_addresses(const struct lab_yaml_node *node, void *data)
{
	if (!lab_yaml_is_map(node))
		return lab_yaml_each(node, read_further, data);
	return lab_yaml_each_pair(node, "map of addresses", read_named_further,
				  data);
}

/* --- routes --------------------------------------------------------------*/

/* DESTINATION: GATEWAY */
static int read_route(const struct lab_yaml_node *key,
		      const struct lab_yaml_node *node, void *data)
{
	struct lab_place place = lab_yaml_place(node);
	const char *via;
	int r = lab_yaml_text(node, "host to send the packets to", &via);

	if (r < 0)
		return error_trace(r);
	return error_trace(lab_network_add_route(
		node->yaml->plan, data, lab_yaml_key_text(key), via, &place));
}

/* An empty map: routes to the host's own networks only. */
int lab_file_read_routes(const struct lab_yaml_node *node, void *data)
{
	struct lab_host *host = data;

	host->static_routes = true;
	if (lab_yaml_is_map(node) && !lab_yaml_size(node))
		return 0;
	return lab_yaml_each_pair(node, "map of routes", read_route, host);
}
