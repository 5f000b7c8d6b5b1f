"""The MCP server: findings, pages and the table of hyperparameters for coding agents. Needs the extra ``mcp``."""
