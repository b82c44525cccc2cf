"""The single-machine runner: bundled servers, issuer, gateway and the services, all on loopback."""
