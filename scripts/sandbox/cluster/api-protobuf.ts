import { ApiError } from './api-status.ts';

/** What an object in protobuf begins with (k8s.io/apimachinery/pkg/runtime/serializer/protobuf). */
const MAGIC = Buffer.from('k8s\0');

const REVIEW_KIND = 'SelfSubjectAccessReview';

/** Fields of ResourceAttributes by number (k8s.io/api/authorization/v1/generated.proto). */
const ATTRIBUTES = ['', 'namespace', 'verb', 'group', 'version', 'resource', 'subresource', 'name'];

/**
 * The body of a request whose content type is `application/vnd.kubernetes.protobuf`: `kubectl auth can-i` sends that and nothing
 * else, whatever the server would like.
 *
 * @returns the SelfSubjectAccessReview as its JSON would be
 * @throws ApiError 415 for every other kind
 */
export function decodeReview(body: Buffer): unknown {
  const [typeMeta, raw] = body.subarray(0, MAGIC.length).equals(MAGIC)
    ? fieldsOf(body.subarray(MAGIC.length), 1, 2)
    : [];
  const [, kind] = typeMeta === undefined ? [] : fieldsOf(typeMeta, 1, 2);
  if (raw === undefined || kind?.toString() !== REVIEW_KIND) {
    const message = 'the body of the request was in an unknown format - accepted media types include: application/json';
    throw new ApiError(415, 'UnsupportedMediaType', message);
  }
  const [spec] = fieldsOf(raw, 2);
  const [attributes] = spec === undefined ? [] : fieldsOf(spec, 1);
  const values = attributes === undefined ? [] : fieldsOf(attributes, ...ATTRIBUTES.keys());
  const named = ATTRIBUTES.map((name, number) => [name, values[number]?.toString()] as const);
  const resourceAttributes = Object.fromEntries(named.filter(([name, value]) => name !== '' && value));
  return { apiVersion: 'authorization.k8s.io/v1', kind: REVIEW_KIND, metadata: {}, spec: { resourceAttributes } };
}

/** The length-delimited fields of these numbers, the last of each. */
function fieldsOf(message: Buffer, ...numbers: readonly number[]): (Buffer | undefined)[] {
  const fields = new Map<number, Buffer>();
  let at = 0;
  const varint = () => {
    let value = 0;
    for (let scale = 1; at < message.length; scale *= 128) {
      const byte = message.readUInt8(at++);
      value += (byte & 127) * scale;
      if (byte < 128) break;
    }
    return value;
  };
  while (at < message.length) {
    const tag = varint();
    // A varint; in what is read here nothing is of a fixed width.
    const length = (tag & 7) === 2 ? varint() : null;
    if (length === null) varint();
    else {
      fields.set(tag >> 3, message.subarray(at, at + length));
      at += length;
    }
  }
  return numbers.map((number) => fields.get(number));
}
