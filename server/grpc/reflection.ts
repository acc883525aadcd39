// Server reflection: what is served, from the descriptors that the build made of proto/.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { BinaryReader } from '@bufbuild/protobuf/wire';
import { ReflectionService } from '@grpc/reflection';

type PackageDefinition = ConstructorParameters<typeof ReflectionService>[0];

/** Field 1 of google.protobuf.FileDescriptorSet, length-delimited. */
const fileTag = (1 << 3) | 2;

export function createReflection(): ReflectionService {
  const path = createRequire(import.meta.url).resolve('#proto/descriptors.binpb');
  // Only the descriptors are read; a loader would put its own types beside them.
  const files = { fileDescriptorProtos: filesOf(readFileSync(path)) };
  return new ReflectionService({ files } as unknown as PackageDefinition);
}

function filesOf(set: Uint8Array): Buffer[] {
  const reader = new BinaryReader(set);
  const files: Buffer[] = [];
  while (reader.pos < reader.len) {
    const tag = reader.uint32();
    if (tag === fileTag) files.push(Buffer.from(reader.bytes()));
    else reader.skip(tag & 7);
  }
  return files;
}
