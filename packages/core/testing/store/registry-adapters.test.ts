import { registryContract } from './registry-contract.ts';
import { HybridRegistryHarness, MemoryRegistryHarness, redisRegistryHarness } from './registry-harness.ts';

registryContract('memory', async () => new MemoryRegistryHarness());
registryContract('Redis', () => redisRegistryHarness());
registryContract('the hybrid with Redis', () => HybridRegistryHarness.start(true));
